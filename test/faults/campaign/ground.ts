/** The installations that faults happen to: made once, copied for every case. */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Request } from '../../../src/updater/engine/process/requests.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { openPublisher, type Contents } from '../../ground/publisher.ts';

/** A published repository with three versions, the digests of their trees, and installations in several states. */
export interface Ground {
  readonly repo: string;
  readonly trustedRoot: string;
  readonly trustedRootFile: string;
  readonly digests: ReadonlyMap<string, string>;
  /** The folder of the installation in this state; there is none for the state `empty`. */
  place(state: State): string;
}

/** Nothing; 1.0.0; 1.0.0 with 1.0.1 running; 1.0.0 among the remains of pieces of work that were cut off. */
export type State = 'empty' | 'installed' | 'switched' | 'littered';

/** Publishes 1.0.0, 1.0.1 (one patch away) and 1.0.2 (two patches away from the first), and makes the installations below `folder`. */
export async function openGround(folder: string, extra: Contents = {}): Promise<Ground> {
  const publisher = await openPublisher(folder);
  const digests = new Map<string, string>();
  for (const [version, contents] of versions()) {
    const { staged } = await publisher.release(version, { ...contents, ...extra }, { patchesFrom: 1 });
    digests.set(version, staged.treeDigest);
  }
  const trustedRootFile = join(folder, 'root.json');
  await writeFile(trustedRootFile, publisher.trustedRoot);
  const source = { repo: publisher.repo, trustedRoot: publisher.trustedRoot };
  const place = (state: State): string => join(folder, state);
  await serve(installRequest(source, place('installed')), quietJob());
  await cp(place('installed'), place('switched'), { recursive: true, verbatimSymlinks: true });
  for (const request of [updateRequest(place('switched'), '1.0.1'), switchRequest(place('switched'))]) await serve(request, quietJob());
  await cp(place('installed'), place('littered'), { recursive: true, verbatimSymlinks: true });
  await litter(place('littered'));
  return { ...source, trustedRootFile, digests, place };
}

/** Asks for a first installation of 1.0.0. */
export function installRequest({ repo, trustedRoot }: Pick<Ground, 'repo' | 'trustedRoot'>, root: string): Request {
  return { kind: 'install', root, instance: 'default', from: repo, trustedRoot, product: 'moult', channel: 'stable', version: '1.0.0' };
}

/** Asks for a version, or (null) for the newest. */
export function updateRequest(root: string, to: string | null): Request {
  return { kind: 'update', root, instance: 'default', from: null, to, dryRun: false, withoutPatches: false };
}

/** Asks for the switch to what is staged. */
export function switchRequest(root: string): Request {
  return { kind: 'switch', root, instance: 'default' };
}

/** Three versions: edits, a rename, a new file, a program, a link, an empty file; only little changes in what is big. */
function versions(): readonly (readonly [string, Contents])[] {
  const big = randomBytes(300_000);
  const changed = (at: number): Buffer => Buffer.concat([big.subarray(0, at), Buffer.from('changed'), big.subarray(at + 3)]);
  const steady = { 'lib/steady.bin': randomBytes(50_000), 'lib/latest': { link: 'steady.bin' }, empty: '' };
  return [
    ['1.0.0', { ...steady, 'bin/app': { program: big }, 'read me.txt': 'one\n', 'docs/old name': 'kept\n'.repeat(50) }],
    ['1.0.1', { ...steady, 'bin/app': { program: changed(1000) }, 'read me.txt': 'one\ntwo\n', 'docs/new name': 'kept\n'.repeat(50) }],
    ['1.0.2', { ...steady, 'bin/app': { program: changed(9000) }, 'read me.txt': 'one\ntwo\n', 'docs/Übersicht': 'three\n' }],
  ];
}

/** Remains as killed commands leave them: files beside, trees aside, trees without a record, downloads nobody asks for any more. */
async function litter(root: string): Promise<void> {
  const beside = '.moult-new-0123456789abcdef';
  const aside = '.moult-old-0123456789abcdef';
  for (const place of ['', 'versions', 'instances/default', 'instances/default/generations', 'trust', 'trust/targets', 'trust/accepted']) {
    await writeFile(join(root, place, beside), 'half');
  }
  for (const tree of [`versions/${aside}`, `downloads/${aside}`, 'versions/1.0.0-01234567', `downloads/${'ab'.repeat(32)}.tree`]) {
    await mkdir(join(root, tree, 'bin'), { recursive: true });
    await writeFile(join(root, tree, 'bin', 'app'), 'half');
  }
  await writeFile(join(root, 'downloads', `${'cd'.repeat(32)}.patch`), 'half');
}
