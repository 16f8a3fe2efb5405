/** `moult snapshot …`: what the instance had at one moment, kept and gone back to. */
import type { RequestOf, SnapshotResult } from '../../../updater/engine/process/requests.ts';
import { installedGeneration } from '../../../updater/install/generations.ts';
import { findVersion } from '../../../updater/install/versions.ts';
import type { Snapshot } from '../../../updater/model/application/snapshot.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Job } from '../../../updater/model/job.ts';
import { listSnapshots, readSnapshot, resolveSnapshot, type Listed } from '../../../updater/store/records.ts';
import { scrubSnapshots } from '../../../updater/store/unpack.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { summaryOf } from '../commands/outcome.ts';
import { placeOf, type Globals } from '../place.ts';
import { megabytes, runCommand, say } from '../terminal.ts';

export interface CreateOptions {
  readonly note: string;
  readonly program: boolean;
  readonly rehash: boolean;
  readonly keep?: string;
}

/** `snapshot create`: keeps the present data, while the program may be running. */
export function createCommand(globals: Globals, options: CreateOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const { note, program, rehash } = options;
    const result = await ask(globals, { kind: 'create', note, program, rehash, ...keepOf(options) }, job);
    if (result.did !== 'create') return 1;
    const { snapshot, removed } = result;
    const gone = removed.length === 0 ? '' : ` ${removed.length} older automatic ones were removed.`;
    say(
      globals,
      { ...summaryOfSnapshot(snapshot), removed },
      `Snapshot ${snapshot.id}: ${megabytes(snapshot.size)} in ${snapshot.files.length} files.${gone}`,
    );
    return 0;
  });
}

/** `snapshot list`: every snapshot of this instance, newest first, damaged ones too. */
export function listCommand(globals: Globals): Promise<number> {
  return runCommand(globals, async () => {
    const { instance } = placeOf(globals);
    const all = (await listSnapshots(instance.snapshots)).toReversed();
    const told = all.map((listed) =>
      listed.kind === 'whole' ? summaryOfSnapshot(listed.snapshot) : { id: listed.id, damaged: listed.failure },
    );
    say(globals, { snapshots: told }, all.length === 0 ? 'There are no snapshots.' : all.map(lineOf).join('\n'));
    return 0;
  });
}

/** `snapshot show`: one snapshot with its files and whether it can be gone back to; `--verify` reads every content (exit 4 when something is damaged). */
export function showCommand(globals: Globals, named: string, { verify }: { readonly verify: boolean }): Promise<number> {
  return runCommand(globals, async (job) => {
    const { layout, instance } = placeOf(globals);
    const snapshot = await readSnapshot(instance.snapshots, await resolveSnapshot(instance.snapshots, named));
    const damaged = verify ? ((await scrubSnapshots(layout.objects, [snapshot], job)).damaged[0]?.paths ?? []) : null;
    const versionIsHere = (await findVersion(layout, snapshot.treeDigest)) !== null;
    const verdict = damaged === null ? [] : [damaged.length === 0 ? '  every content is whole' : `  damaged     ${damaged.join(', ')}`];
    const files = snapshot.files.map(({ path, size }) => `  ${path}  ${megabytes(size)}`);
    const needs = versionIsHere ? '' : `\n  needs       version ${snapshot.version}: moult update --to ${snapshot.version}`;
    say(
      globals,
      { ...snapshot, versionIsHere, damaged },
      [`${lineOf({ kind: 'whole', id: snapshot.id, snapshot })}${needs}`, ...files, ...verdict].join('\n'),
    );
    return damaged === null || damaged.length === 0 ? 0 : 4;
  });
}

/** `snapshot pin`: keeps a snapshot, and its version, until it is unpinned with `--off`. */
export function pinCommand(globals: Globals, id: string, { off }: { readonly off: boolean }): Promise<number> {
  return runCommand(globals, async (job) => {
    const result = await ask(globals, { kind: 'pin', id, pinned: !off }, job);
    if (result.did !== 'pin') return 1;
    say(
      globals,
      summaryOfSnapshot(result.snapshot),
      `Snapshot ${result.snapshot.id} is ${off ? 'not pinned any more' : 'pinned: it stays'}.`,
    );
    return 0;
  });
}

/** `snapshot delete`: removes a snapshot and what only it kept. */
export function deleteCommand(globals: Globals, id: string): Promise<number> {
  return runCommand(globals, async (job) => {
    const result = await ask(globals, { kind: 'delete', id }, job);
    if (result.did !== 'delete') return 1;
    say(globals, { removed: result.removed }, `Removed ${result.removed.join(', ')}.`);
    return 0;
  });
}

/** `snapshot restore`: goes back to a snapshot's data and version; what is there now becomes a snapshot itself. While the program runs, the next start goes there. */
export function restoreCommand(globals: Globals, id: string): Promise<number> {
  return runCommand(globals, async (job) => {
    const { instance } = placeOf(globals);
    const current = await installedGeneration(instance);
    const underApp = (await findRunning(instance)) !== null;
    const result = await ask(globals, { kind: 'restore', id, underApp }, job);
    if (result.did !== 'restore') return 1;
    const { snapshot, generation, before } = result;
    const told = { ...summaryOf(current.version, generation, null), snapshot: snapshot.id, before: before.id };
    const text = underApp ? `The next start is snapshot ${snapshot.id}` : `Back at snapshot ${snapshot.id}`;
    say(globals, told, `${text} with version ${generation.version}; what is there before is snapshot ${before.id}.`);
    return 0;
  });
}

/** How long a restore waits for a program that runs and cannot be reached: it is not going to end by itself. */
const waitForProgramMs = 2000;

type Wish = RequestOf<'snapshot'>['wish'] & { readonly underApp?: boolean };

function ask(globals: Globals, { underApp = false, ...wish }: Wish, job: Job): Promise<SnapshotResult> {
  const { layout, instance } = placeOf(globals);
  const patience = wish.kind === 'restore' ? { waitMs: waitForProgramMs } : {};
  return globals.ask<'snapshot'>({ kind: 'snapshot', root: layout.root, instance: instance.name, underApp, ...patience, wish }, job);
}

function keepOf({ keep }: CreateOptions): { readonly keep?: number } {
  if (keep === undefined) return {};
  if (!/^[1-9]\d{0,5}$/.test(keep)) throw new Failed('usage/wrong', '--keep is a number, 1 or more');
  return { keep: Number(keep) };
}

/** A snapshot without its lists. */
function summaryOfSnapshot(snapshot: Snapshot) {
  const { files, folders, program, ...rest } = snapshot;
  return { ...rest, fileCount: files.length, emptyFolders: folders.length, program: program !== null };
}

function lineOf(listed: Listed): string {
  if (listed.kind === 'damaged') return `${listed.id.padEnd(14)} cannot be read (${listed.failure.code}: ${listed.failure.detail})`;
  const { id, createdAt, kind, pinned, version, size, note } = listed.snapshot;
  return `${id.padEnd(14)} ${createdAt}  ${kind.padEnd(10)} ${pinned ? '●' : ' '} ${version.padEnd(12)} ${megabytes(size).padStart(9)}  ${note}`.trimEnd();
}
