/**
 * Generations of one instance: `generations/<n>.json` says what n is, `current.json` names the one that runs.
 *
 * A record is written whole before the pointer names it, so the pointer never names something that is not there. The rename of
 * `current.json` is the one commit point: before it the old generation runs, after it the new one. `staged` and not current is
 * waiting for a start; `staged` and current was switched to and not yet tried.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn, readableRecord, readRecord, writeRecord } from '../disk/atomic.ts';
import { Failed, type FailureCode } from '../model/failure.ts';
import { parseGeneration, parsePointer, type Generation, type Reason } from '../model/generation.ts';
import { timeText } from '../model/parse.ts';
import type { Manifest } from '../model/manifest.ts';
import { ensureEpoch } from './epoch/record.ts';
import type { Instance } from './layout.ts';

/** Writes the next generation's record, `staged`, and returns it. Atomic; the pointer is not touched. */
export async function stageGeneration(
  instance: Instance,
  manifest: Manifest,
  made: { why: Reason; now: Date; tries: number; epoch?: number; evolutions?: Generation['evolutions']; data?: Generation['data'] },
): Promise<Generation> {
  await mkdir(instance.generations, { recursive: true });
  const current = await currentGeneration(instance);
  const generation: Generation = {
    n: await nextGenerationNumber(instance),
    version: manifest.version,
    treeDigest: manifest.tree.digest,
    evolutions: made.evolutions ?? current?.evolutions ?? {},
    epoch: made.epoch ?? current?.epoch ?? (await highestEpoch(instance)) + 1,
    dataVersion: manifest.dataVersion,
    state: 'staged',
    triesLeft: made.tries,
    previous: current?.n ?? null,
    why: made.why,
    data: made.data ?? 'clone',
    createdAt: timeText(made.now),
    startedAt: null,
    confirmedAt: null,
    failure: null,
  };
  if (manifest.entry === null) await shareEpoch(instance, generation);
  await writeGeneration(instance, generation);
  return generation;
}

/** The number that the next generation will have, while the instance's lock is held. */
export async function nextGenerationNumber(instance: Instance): Promise<number> {
  return Math.max(0, ...(await usedNumbers(instance))) + 1;
}

/** Writes one record. Atomic. */
export async function writeGeneration(instance: Instance, generation: Generation): Promise<void> {
  await writeRecord(recordPath(instance, generation.n), generation);
}

/** Makes `generation` the one that runs. Atomic: the rename of the pointer. */
export async function pointTo(instance: Instance, generation: Generation): Promise<void> {
  await writeRecord(instance.pointer, { generation: generation.n });
}

/** The generation that the pointer names; null before the first install. Throws `state/damaged` when the pointer or its record cannot be read. */
export async function currentGeneration(instance: Instance): Promise<Generation | null> {
  const pointer = await readRecord(instance.pointer, parsePointer);
  if (pointer === null) return null;
  const generation = await readGeneration(instance, pointer.generation);
  if (generation === null) throw new Failed('state/damaged', `current.json names generation ${pointer.generation}, which has no record`);
  return generation;
}

/** The generation that the pointer names; throws `code` when nothing is installed. */
export async function installedGeneration(instance: Instance, code: FailureCode = 'start/nothing'): Promise<Generation> {
  const generation = await currentGeneration(instance);
  if (generation === null) throw new Failed(code, `the instance ${instance.name} has nothing installed`);
  return generation;
}

/** The generation that waits for the next start: the newest one, while it is staged and not current; null when there is none. One that a newer one took the place of waits no more. */
export async function stagedGeneration(instance: Instance): Promise<Generation | null> {
  const current = await currentGeneration(instance);
  const newest = await newestGeneration(instance);
  return newest?.state === 'staged' && newest.n > (current?.n ?? 0) ? newest : null;
}

/** The newest generation whose record can be read, whatever became of it; null when there is none. However long the history is, no more of it is read. */
export async function newestGeneration(instance: Instance): Promise<Generation | null> {
  for (const n of (await usedNumbers(instance)).toReversed()) {
    const record = await readableRecord(recordPath(instance, n), parseNumbered(n));
    if (record !== null) return record;
  }
  return null;
}

/** The highest number of an epoch that any generation ever worked in, whether or not its folder is still there; 0 when there was none. */
export async function highestEpoch(instance: Instance): Promise<number> {
  return Math.max(0, ...(await listGenerations(instance)).map(({ epoch }) => epoch));
}

/** Every generation whose record can be read, oldest first: histories grow long, so this is for what cannot be told from the newest. */
export async function listGenerations(instance: Instance): Promise<readonly Generation[]> {
  const records = await Promise.all((await usedNumbers(instance)).map((n) => readableRecord(recordPath(instance, n), parseNumbered(n))));
  return records.filter((record) => record !== null);
}

/** One generation's record, or null. */
export async function readGeneration(instance: Instance, n: number): Promise<Generation | null> {
  return readRecord(recordPath(instance, n), parseNumbered(n));
}

function recordPath(instance: Instance, n: number): string {
  return join(instance.generations, `${n}.json`);
}

/** Parses a record that has to be of generation `n`. */
function parseNumbered(n: number): (value: unknown) => Generation {
  return (value) => {
    const generation = parseGeneration(value);
    if (generation.n !== n) throw new Failed('state/damaged', `the record of generation ${n} is another one's`);
    return generation;
  };
}

/** Numbers are never used twice, so those of damaged records count too. */
async function usedNumbers(instance: Instance): Promise<readonly number[]> {
  const names = await namesIn(instance.generations);
  const numbers = names.map((name) => /^([1-9]\d{0,14})\.json$/.exec(name)?.[1]).filter((n) => n !== undefined);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

/** Content writes nothing, so its generations share one epoch; it is there before a record names it. A program's epoch is made at its switch. */
async function shareEpoch(instance: Instance, { n, epoch, dataVersion, why, createdAt }: Generation): Promise<void> {
  await ensureEpoch(instance, { epoch, dataVersion, from: null, generation: n, why, createdAt, state: 'live' });
}
