/**
 * The rehearsal of a new version: headless, from its final path, on a copy of the present data, with nothing to reach outside.
 *
 * An early warning, while the running version goes on: what counts is the clone at the switch. A program that declares no data
 * knows nothing of modes, and starting it would be a real start, so it is left out.
 */
import { lstat, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDataDeclaration } from '../../../model/application/data.ts';
import { Failed } from '../../../model/failure.ts';
import type { Job } from '../../../model/job.ts';
import type { Manifest } from '../../../model/manifest.ts';
import type { Instance, Layout } from '../../layout.ts';
import { copyState } from '../clone.ts';
import type { Epoch } from '../epochs.ts';
import { migrateEpoch } from '../migrate.ts';
import { runToEnd } from '../program.ts';
import { epochFolder, readEpoch } from '../record.ts';
import { denyAll } from './denial.ts';
import { bytesOfState, tooMuchToRehearse } from './estimate.ts';
import { throwawayFolder } from './throwaway.ts';

/** What is rehearsed: a built tree that is no version yet, the epoch to copy (null: begin with an empty one), and how much of it at most. */
export interface Rehearsed {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly manifest: Manifest;
  readonly folder: string;
  readonly from: Epoch | null;
  readonly mostBytes?: number;
}

/** How it went: done, or left out, for a reason that a person can read. `withoutData` says why it began with none of the person's data; null when it had a copy. Whatever is wrong is thrown. */
export type Rehearsal =
  | { readonly kind: 'done'; readonly isNetworkGone: boolean; readonly withoutData: string | null }
  | { readonly kind: 'left-out'; readonly why: string };

/** Rehearses a version. Throws `switch/denied` with what went wrong. */
export async function rehearse(what: Rehearsed, job: Job): Promise<Rehearsal> {
  const { manifest, instance, from, mostBytes } = what;
  if (manifest.entry === null) return { kind: 'left-out', why: 'there is no program' };
  if (manifest.data === null) return { kind: 'left-out', why: 'the program declares no data' };
  const withoutData = from === null ? null : await tooMuchToRehearse(instance, await bytesOfState(instance, manifest, from), mostBytes);
  try {
    const isNetworkGone = await rehearseOnCopy(withoutData === null ? what : { ...what, from: null }, job);
    return { kind: 'done', isNetworkGone, withoutData };
  } catch (error) {
    if (error instanceof Failed && error.code.startsWith('start/'))
      throw new Failed('switch/denied', `its rehearsal failed: ${error.failure.detail}`);
    throw error;
  }
}

/** Returns whether there was certainly no network. */
async function rehearseOnCopy({ layout, instance, manifest, folder, from }: Rehearsed, job: Job): Promise<boolean> {
  await using aside = await throwawayFolder(instance);
  const copy = join(aside.path, 'epoch');
  for (const part of ['', 'config', 'data', 'evolutions', 'profile']) await mkdir(join(copy, part), { recursive: true, mode: 0o700 });
  const declaration = parseDataDeclaration(manifest.data);
  if (from !== null) await copyState({ from: epochFolder(instance, from.epoch), to: copy, declaration, isLive: true }, job);
  const denial = await denyAll(aside.path);
  // Bulk data is shared by all versions: a rehearsal must not write to it.
  const own = { ...instance, bulk: join(aside.path, 'bulk') };
  await mkdir(own.bulk);
  const record = { version: manifest.version, treeDigest: manifest.tree.digest, manifestSha256: '', floor: {}, createdAt: '' };
  const boot = { layout, instance: own, version: { record, manifest, folder }, generation: 1 };
  const known = from === null ? manifest.dataVersion : ((await readEpoch(instance, from.epoch))?.dataVersion ?? from.dataVersion);
  if (known !== manifest.dataVersion) await migrateEpoch({ folder: copy }, { ...boot, declaration, manner: denial }, job);
  const healthFile = join(aside.path, 'health');
  const stage = watchStages(healthFile, manifest.health.stageTimeoutMs);
  const stopping = { ...job, signal: AbortSignal.any([job.signal, stage.stalled]) };
  const limitMs = 6 * manifest.health.stageTimeoutMs;
  try {
    await runToEnd({ ...boot, epochFolder: copy, healthFile, mode: 'preflight' }, { ...denial, limitMs }, stopping);
  } catch (error) {
    job.signal.throwIfAborted();
    if (stage.stalled.aborted) throw new Failed('start/slow', 'it stayed in one stage for too long');
    throw error;
  } finally {
    await stage.stop();
  }
  if (!(await isReady(healthFile))) throw new Failed('start/failed', 'it ended before it was ready');
  return denial.isNetworkGone;
}

/** Aborts `stalled` when a program has said nothing new about its health for `timeoutMs`. */
function watchStages(healthFile: string, timeoutMs: number): { readonly stalled: AbortSignal; stop(): Promise<void> } {
  const stalled = new AbortController();
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    let seen = { bytes: 0, at: performance.now() };
    while (!done.signal.aborted) {
      await sleep(50, undefined, { signal: done.signal }).catch(() => undefined);
      const bytes = await sizeOf(healthFile);
      if (bytes !== seen.bytes) seen = { bytes, at: performance.now() };
      if (performance.now() - seen.at > timeoutMs) stalled.abort();
    }
  };
  const watching = watch();
  const stop = async (): Promise<void> => {
    done.abort();
    await watching;
  };
  return { stalled: stalled.signal, stop };
}

async function isReady(healthFile: string): Promise<boolean> {
  if ((await sizeOf(healthFile)) > 1024 ** 2) return false;
  const text = await readFile(healthFile, 'utf8').catch(() => '');
  return /^\{"stage": ?"ready"/m.test(text) && !/^\{"unhealthy"/m.test(text);
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
