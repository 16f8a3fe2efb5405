/** A full look at one instance and what it shares with others. Only reads; safe beside a running application. */
import { listGenerations, stagedGeneration } from '../install/generations.ts';
import type { Instance, Layout } from '../install/layout.ts';
import { acceptedManifest, listVersions } from '../install/versions.ts';
import { Failed, failureOf } from '../model/failure.ts';
import { parsePointer, type Generation } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import { timeText } from '../model/parse.ts';
import { readRecord } from '../disk/atomic.ts';
import type { Checked, Finding, Report } from '../model/application/health.ts';
import { verifyConfig, verifyData } from './verify/data.ts';
import { verifyMachine, verifyRecords, verifySnapshots } from './verify/records.ts';
import { verifyVersions, type Relied } from './verify/versions.ts';

/** Where to look, and the time. */
export interface Ground {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly now: Date;
}

/** Looks at everything and returns what it found. Throws `start/nothing` where nothing was ever installed, and what keeps it from looking: `disk/denied`, `disk/io`, a cancelled job. */
export async function verifyInstance(ground: Ground, job: Job): Promise<Report> {
  const { layout, instance, now } = ground;
  const used = await usedGenerations(instance);
  const records = await verifyRecords(instance);
  if (records.count === 1 && (await listVersions(layout)).length === 0)
    throw new Failed('start/nothing', `nothing is installed in ${layout.root}`);
  const manifests = used.map(async (generation) => ({ generation, manifest: await acceptedManifest(layout, generation.treeDigest) }));
  const relied = await Promise.all(manifests);
  const versions = await verifyVersions(layout, relied, job);
  const data = await verifyDataOf(relied[0], instance);
  const snapshots = await verifySnapshots(layout, instance, job);
  const checked: Checked[] = [
    { what: 'records', count: records.count },
    { what: 'versions', count: versions.versions },
    { what: 'files', count: versions.files },
    { what: 'data', count: data.databases },
    { what: 'config', count: data.configs },
    { what: 'snapshots', count: snapshots.count },
  ];
  const machine = await verifyMachine(layout, { now, publishedAt: newestPublication(relied) });
  return {
    checkedAt: timeText(now),
    checked,
    findings: [...records.findings, ...versions.findings, ...data.findings, ...snapshots.findings, ...machine],
  };
}

/** The generations that an instance relies on: the current one first, the one before it, and the one that waits. Whatever of this cannot be told is the records' finding. */
async function usedGenerations(instance: Instance): Promise<readonly Generation[]> {
  const all = await listGenerations(instance);
  const named = await orNull(() => readRecord(instance.pointer, parsePointer));
  const current = all.find(({ n }) => n === named?.generation) ?? all.findLast(({ state }) => state === 'good');
  if (current === undefined) return all.slice(-1);
  const staged = await orNull(() => stagedGeneration(instance));
  const previous = all.find(({ n }) => n === current.previous);
  return [current, ...(previous === undefined ? [] : [previous]), ...(staged === null ? [] : [staged])];
}

/** A release's date is signed: no clock that is right shows an earlier one. */
function newestPublication(relied: readonly Relied[]): string | null {
  const times = relied.flatMap(({ manifest }) => manifest?.publishedAt ?? []);
  return times.toSorted().at(-1) ?? null;
}

async function verifyDataOf(
  current: Relied | undefined,
  instance: Instance,
): Promise<{ readonly databases: number; readonly configs: number; readonly findings: readonly Finding[] }> {
  if (current === undefined || current.manifest === null) return { databases: 0, configs: 0, findings: [] };
  const data = await verifyData(instance, current.generation, current.manifest);
  const config = await verifyConfig(instance, current.generation.epoch);
  return { databases: data.databases, configs: config.files, findings: [...data.findings, ...config.findings] };
}

async function orNull<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (failureOf(error).code.startsWith('state/')) return null;
    throw error;
  }
}
