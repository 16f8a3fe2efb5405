/** Which versions are not taken again for now, and what became of the last trial: both are read off the generations' records. */
import type { Failure } from '../../model/failure.ts';
import type { Generation } from '../../model/generation.ts';
import { timeText } from '../../model/parse.ts';
import { epochFolder } from '../epoch/record.ts';
import { currentGeneration, listGenerations, newestGeneration } from '../generations.ts';
import type { Instance } from '../layout.ts';

/** A version that failed its trial. `until` is null where only a newer version ends it. */
export interface Held {
  readonly version: string;
  readonly why: string;
  readonly until: string | null;
}

/** A slow version may have met a slow day. */
const slowHoldMs = 24 * 3600 * 1000;

/** The versions of this instance that are on hold: the failed ones until a newer one is there, the slow ones for a day. */
export async function versionsOnHold(instance: Instance, now: Date): Promise<readonly Held[]> {
  const current = await currentGeneration(instance);
  const latest = new Map((await listGenerations(instance)).map((generation) => [generation.version, generation]));
  return [...latest.values()].flatMap((generation) => {
    const held = holdOf(generation, current?.n ?? 0, now);
    return held === null ? [] : [held];
  });
}

/** The last trial that was taken back, while nothing has been switched to or staged since: its failure, when it was started, and where the data is that was written in it. */
export interface LastFailure {
  readonly n: number;
  readonly version: string;
  readonly failure: Failure;
  readonly startedAt: string | null;
  readonly data: string | null;
}

/** What became of the last trial; null when it was a good one, or there was none. */
export async function lastFailure(instance: Instance): Promise<LastFailure | null> {
  const last = await newestGeneration(instance);
  if (last?.state !== 'bad' || last.failure === null) return null;
  const current = await currentGeneration(instance);
  const all = await listGenerations(instance);
  const hasOwnData = last.n !== current?.n && !all.some(({ n, epoch }) => n !== last.n && epoch === last.epoch);
  const { n, version, failure, startedAt } = last;
  return { n, version, failure, startedAt, data: hasOwnData ? epochFolder(instance, last.epoch) : null };
}

/** Whoever is `trying` and was left is bad, even before that is written down. A time of hold that begins in the future was written by a wrong clock. */
function holdOf({ n, version, state, failure, startedAt, createdAt }: Generation, current: number, now: Date): Held | null {
  const isBad = state === 'bad' || (state === 'trying' && n !== current);
  if (!isBad) return null;
  if (failure?.code !== 'start/slow') {
    if (failure !== null && failure.code !== 'start/failed') return null;
    return { version, why: `it failed here (${failure?.detail ?? 'its trial was left'}): held until a newer version`, until: null };
  }
  const since = Date.parse(startedAt ?? createdAt);
  const until = new Date(since + slowHoldMs);
  if (now.getTime() < since || now >= until) return null;
  return { version, why: `it was too slow here (${failure.detail}): held until ${timeText(until)}`, until: timeText(until) };
}
