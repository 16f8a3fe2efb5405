import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { patience as usual, machineClock, type Clock, type Patience } from '../../../src/main/supervisor/patience.ts';
import type { Ending, News, Wish } from '../../../src/main/supervisor/session.ts';
import { supervise } from '../../../src/main/supervisor/supervise.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { activate, confirm, countTry } from '../../../src/updater/install/activate.ts';
import { epochFolder } from '../../../src/updater/install/epoch/record.ts';
import { currentGeneration, listGenerations, stageGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../../src/updater/install/layout.ts';
import { beginVersion, recordVersion } from '../../../src/updater/install/versions.ts';
import { quietJob, type Job } from '../../../src/updater/model/job.ts';
import type { Generation } from '../../../src/updater/model/generation.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';

const now = new Date('2026-05-06T07:08:09Z');

/** Everything a hundred times faster, except what a loaded machine needs time for. */
const quick: Patience = {
  ...usual,
  tickMs: 20,
  stageMs: 10_000,
  healthyMs: 300,
  graceMs: 3000,
  settleMs: 200,
  lockMs: 10_000,
};

/** A program that is well: it goes through its stages, appends a line to its data, and stays until it is told to end. */
export const well = `said loaded; said config; said database; said service; echo "$VERSION" >> "$MOULT_EPOCH/data/notes"; said ready; wait_to_end`;
/** The same, and then its user quits. */
export const quits = `said loaded; said config; said database; said service; echo "$VERSION" >> "$MOULT_EPOCH/data/notes"; said ready; quit user; exit 0`;

/** An installation whose versions are small shell scripts. */
export interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  /** Makes a version whose program does `script` in mode run. */
  version(version: string, script: string, fields?: Fields): Promise<Manifest>;
  stage(manifest: Manifest): Promise<Generation>;
  start(options?: StartOptions): Promise<Ending>;
  current(): Promise<Generation | null>;
  all(): Promise<readonly Generation[]>;
  /** The versions whose programs were started in mode run, in order. */
  starts(): Promise<readonly string[]>;
  readonly news: News[];
}

export interface Fields extends Partial<Manifest> {
  /** The whole program, instead of a script in the usual frame. */
  readonly program?: string | Uint8Array;
  /** What the script does in mode migrate. */
  readonly migrate?: string;
}

export interface StartOptions {
  readonly patience?: Partial<Patience>;
  readonly clock?: Clock;
  readonly wish?: Partial<Wish>;
  readonly job?: Job;
}

/** Puts an empty installation into a folder. */
export async function openPlace(root: string): Promise<Place> {
  const layout = layoutOf(root);
  const instance = instanceOf(layout, 'default');
  await mkdir(instance.folder, { recursive: true });
  const news: News[] = [];
  return {
    layout,
    instance,
    news,
    version: (version, script, fields = {}) => makeVersion(layout, { version, script, fields }),
    stage: (manifest) => stageGeneration(instance, manifest, { why: 'update', now, tries: 3 }),
    start: ({ patience, clock, wish, job } = {}) =>
      supervise(
        { isSafe: false, host: null, until: 'end', ...wish },
        { layout, instance, patience: { ...quick, ...patience }, clock: clock ?? machineClock, tell: (item) => news.push(item) },
        job ?? quietJob(),
      ),
    current: () => currentGeneration(instance),
    all: () => listGenerations(instance),
    starts: () => linesOf(join(root, 'started')),
  };
}

/** An installation on version 1.0.0, which is good and whose data has a note; its user quits as soon as it runs. */
export async function openGoodPlace(root: string, script = quits): Promise<Place> {
  const place = await openPlace(root);
  const manifest = await place.version('1.0.0', script);
  const { layout, instance } = place;
  const first = await place.stage(manifest);
  await using lock = await takeLock(instance.lock, { waitMs: 0 }, quietJob());
  const switched = await activate(first, { layout, instance, lock, now }, quietJob());
  const good = await confirm(await countTry(switched, { instance, now }), { instance, now });
  await writeFile(join(epochFolder(instance, good.epoch), 'data', 'notes'), 'first\n');
  return place;
}

/** The lines of a file; none when there is none. */
export async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** Ends what a killed supervisor left running below a folder. */
export async function endLeftovers(folder: string): Promise<void> {
  for (const pid of await linesOf(join(folder, 'pids'))) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  await promisify(execFile)('true');
}

async function makeVersion(layout: Layout, made: { version: string; script: string; fields: Fields }): Promise<Manifest> {
  const { version, script, fields } = made;
  const { program = framed(version, script, fields.migrate ?? 'exit 0'), migrate: _, ...manifestFields } = fields;
  const source = join(layout.root, 'source', version);
  await mkdir(source, { recursive: true });
  await writeProgram(join(source, 'app'), program);
  const tree = await scanTree(source, quietJob());
  const manifest = manifestWith({
    version,
    entry: { program: 'app', args: [] },
    tree: { digest: treeDigest(tree), files: [...tree.files], links: [] },
    ...manifestFields,
  });
  await writeProgram(join(await beginVersion(layout, manifest), 'app'), program);
  await recordVersion(layout, manifest, { manifestSha256: digestOf(version), floor: {}, now });
  return manifest;
}

async function writeProgram(path: string, program: string | Uint8Array): Promise<void> {
  await writeFile(path, program);
  await chmod(path, 0o755);
}

function framed(version: string, script: string, migrate: string): string {
  return `#!/bin/sh
VERSION=${version}
said() { printf '{"stage":"%s"}\\n' "$1" >> "$MOULT_HEALTH"; }
tell() { printf '%s\\n' "$1" >> "$MOULT_HEALTH"; }
quit() { tell "{\\"quitting\\":\\"$1\\"}"; }
wait_to_end() { exec sleep 60; }
starts() { grep -c "^$VERSION$" "$MOULT_ROOT/started"; }
if [ "$MOULT_MODE" = migrate ]; then
${migrate}
exit 0
fi
echo "$VERSION" >> "$MOULT_ROOT/started"
echo $$ >> "$MOULT_ROOT/pids"
${script}
`;
}
