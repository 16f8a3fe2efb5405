/** Snapshots that make themselves, as often as the person set. */
import { readableSnapshots } from '../../../updater/store/records.ts';
import { failureOf } from '../../../updater/model/failure.ts';
import { untilSnapshotMs } from '../decide/schedule.ts';
import type { Memory, Tools } from '../work/present.ts';

/** Makes them, one at a time. */
export interface Scheduled {
  /** Begins one if it is due, and returns the milliseconds to the next. */
  beginIfDue(): Promise<number>;
  /** Resolves when nothing is under way. */
  settled(): Promise<unknown>;
}

/** Opens them; `closing` stops what is under way. One that fails is tried again at its next time, and noted. */
export function openScheduled(tools: Tools, memory: Memory, closing: AbortSignal): Scheduled {
  const { place, clock } = tools;
  let lastMs: number | null = null;
  let underWay: Promise<void> = Promise.resolve();
  const beginIfDue = async (): Promise<number> => {
    const rhythm = memory.present.preferred.values.scheduledSnapshots;
    if (rhythm === 'never') return Number.POSITIVE_INFINITY;
    lastMs ??= await newestMs(place.instance.snapshots);
    const nowMs = clock.now().getTime();
    if (untilSnapshotMs(rhythm, lastMs, nowMs) > 0) return untilSnapshotMs(rhythm, lastMs, nowMs);
    lastMs = nowMs;
    underWay = underWay.then(() => makeOne(tools, memory, closing));
    return untilSnapshotMs(rhythm, lastMs, nowMs);
  };
  return { beginIfDue, settled: () => underWay };
}

async function newestMs(snapshots: string): Promise<number> {
  const all = await readableSnapshots(snapshots);
  return Math.max(0, ...all.filter(({ kind }) => kind === 'scheduled').map(({ createdAt }) => Date.parse(createdAt)));
}

async function makeOne({ place, ask, ledger, clock }: Tools, { present }: Memory, signal: AbortSignal): Promise<void> {
  const { version, n } = present.running;
  const row = ledger.begin({ kind: 'snapshot', from: version, to: version, by: 'schedule' });
  const wish = { kind: 'create', as: 'scheduled', note: '', program: false, rehash: false } as const;
  const where = { root: place.layout.root, instance: place.instance.name, now: clock.now().toISOString(), underApp: true };
  try {
    const result = await ask<'snapshot'>({ kind: 'snapshot', ...where, wish }, { signal, report: () => undefined });
    ledger.finish(row, { status: 'done', generation: n, ...(result.did === 'create' ? { snapshot: result.snapshot.id } : {}) });
  } catch (error) {
    // The history has it; a snapshot that nobody asked for is no reason to disturb anybody.
    ledger.finish(row, { status: signal.aborted ? 'cancelled' : 'failed', error: failureOf(error) });
  }
}
