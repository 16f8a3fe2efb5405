/** Bringing a version onto the machine, up to the staged generation: with its pace, and so that it can be paused, gone on with, and given up. */
import { speedometer, type Speedometer } from '../../../updater/download/speed.ts';
import type { UpdateResult } from '../../../updater/engine/process/requests.ts';
import { Failed, failureOf, type Failure } from '../../../updater/model/failure.ts';
import { steps, type Job, type Progress, type Step } from '../../../updater/model/job.ts';
import { timeText } from '../../../updater/model/parse.ts';
import { answerTo, withAnswer } from '../kept/decisions.ts';
import { tellFailure } from './notices.ts';
import { notify, type By, type Memory, type Preparing, type Tools } from './present.ts';
import { readyFrom } from './ready.ts';

/** What is to be prepared, and by whose wish. */
export interface Order {
  readonly version: string;
  readonly by: By;
}

/** One version at a time. */
export interface Preparation {
  /** Begins, unless something is under way; resolves when it is over, paused or given up. */
  start(order: Order): Promise<void>;
  /** Stops and keeps what has come; throws `usage/wrong` when nothing is under way. */
  pause(): Promise<void>;
  /** Goes on; throws `usage/wrong` when nothing is paused. */
  resume(): void;
  /** Gives it up for a day, or until it is asked for; throws `usage/wrong` when there is nothing to give up. */
  cancel(): Promise<void>;
  /** Resolves when nothing is under way. */
  settled(): Promise<unknown>;
}

/** After this many failures in a row nothing is tried by itself any more. */
const mostAttempts = 3;
const againMs = 6 * 3_600_000;
const dayMs = 24 * 3_600_000;

/** Opens the way to prepare; `closing` stops what is under way when the service closes. */
export function openPreparation(tools: Tools, memory: Memory, closing: AbortSignal): Preparation {
  let stopping = new AbortController();
  let underWay: Promise<void> | null = null;
  const start = (order: Order): Promise<void> => {
    const { preparing: present } = memory.present;
    if (order.by === 'user' && present?.version === order.version) memory.change({ preparing: { ...present, by: 'user' } });
    if (underWay !== null) return underWay;
    stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, closing]);
    underWay = prepare(order, { tools, memory, signal }).finally(() => {
      underWay = null;
    });
    return underWay;
  };
  const preparing = (isPaused: boolean): Preparing => {
    const present = memory.present.preparing;
    if (present?.isPaused !== isPaused) throw new Failed('usage/wrong', isPaused ? 'nothing is paused' : 'nothing is under way');
    return present;
  };
  return {
    start,
    settled: () => Promise.resolve(underWay),
    pause: async () => {
      memory.change({ preparing: { ...preparing(false), isPaused: true } });
      stopping.abort();
      await underWay;
    },
    resume: () => void start(preparing(true)),
    cancel: async () => {
      const { preparing: given } = memory.present;
      if (given === null) throw new Failed('usage/wrong', 'nothing is under way');
      const until = timeText(new Date(tools.clock.now().getTime() + dayMs));
      memory.change({ preparing: null });
      await memory.decide(withAnswer(memory.present.decisions, given.version, { kind: 'later', until }));
      stopping.abort();
      await underWay;
    },
  };
}

interface Ground {
  readonly tools: Tools;
  readonly memory: Memory;
  readonly signal: AbortSignal;
}

async function prepare(order: Order, ground: Ground): Promise<void> {
  const { tools, memory, signal } = ground;
  const { version, by } = order;
  const row = tools.ledger.begin({ kind: 'update', from: memory.present.running.version, to: version, by });
  const { job, downloadMs } = watched(order, ground);
  try {
    const result = await tools.ask(requestOf(order, ground), job);
    await finished(result, order, { ...ground, row, downloadMs: downloadMs() });
  } catch (error) {
    // The person is told by the state and a notice; nobody waits for this promise to throw.
    const failure = failureOf(error);
    tools.ledger.finish(row, { status: signal.aborted ? 'cancelled' : 'failed', error: failure });
    if (!signal.aborted) await failed(failure, order, ground);
  } finally {
    tools.host.showProgress(null);
  }
}

function requestOf({ version, by }: Order, { tools, memory }: Ground) {
  const { place, clock } = tools;
  const { preferred, decisions } = memory.present;
  const where = { root: place.layout.root, instance: place.instance.name, now: clock.now().toISOString() };
  const choice = decisions.choice?.version === version ? decisions.choice.data : null;
  const about = { to: version, data: choice === 'fresh' ? 'fresh' : 'clone', acceptBreaking: choice !== null } as const;
  const { channel, proxy, bandwidth } = preferred.values;
  const background = by === 'schedule' ? { background: { bytesPerSecond: bandwidth } } : {};
  return { kind: 'update', ...where, ...about, channel, proxy, from: null, dryRun: false, withoutPatches: false, ...background } as const;
}

async function finished(
  result: UpdateResult,
  { version, by }: Order,
  { tools, memory, signal, row, downloadMs }: Ground & { readonly row: number; readonly downloadMs: number },
): Promise<void> {
  if (result.kind !== 'staged') throw new Failed('check/no-such-version', `${version} is not offered any more`);
  const { generation, done } = result;
  const bytes = done?.wireBytes ?? 0;
  tools.ledger.finish(row, { status: 'done', generation: generation.n, bytes });
  if (bytes > 0)
    tools.ledger.note({ kind: 'download', to: version, generation: generation.n, bytes, by, what: `${Math.round(downloadMs)} ms` });
  await memory.decide({ now: null, trouble: null });
  const ready = readyFrom(generation, memory.present);
  // Whoever stopped it a moment too late is asked before it starts.
  const isStopped = signal.aborted && ready !== null;
  memory.change({ preparing: null, failed: null, ready: isStopped ? { ...ready, when: 'not-now' } : ready, hidden: [] });
  notify({ code: 'ready', version }, tools, memory);
}

/** Whatever failed, from now on the person decides; some failures are tried again by themselves, in silence, a few times. */
async function failed(failure: Failure, order: Order, { tools, memory }: Ground): Promise<void> {
  const { version } = order;
  const { decisions, preparing } = memory.present;
  const by = preparing?.by ?? order.by;
  const attempts = (decisions.trouble?.version === version ? decisions.trouble.attempts : 0) + 1;
  const mayHelp = failure.retry === 'soon' || failure.retry === 'later';
  const isRetried = mayHelp && attempts < mostAttempts && memory.present.preferred.values.autoUpdate !== 'ask';
  const retryAt = isRetried ? timeText(new Date(tools.clock.now().getTime() + againMs)) : null;
  const isTold = by === 'user' || !isRetried;
  const answer = answerTo(version, decisions);
  const said = answer.kind === 'now' ? withAnswer(decisions, version, { kind: 'none' }) : decisions;
  await memory.decide({ ...said, trouble: { version, attempts, retryAt } });
  memory.change({ preparing: null, failed: isTold ? failure : null });
  if (isTold)
    memory.change({
      notices: tellFailure(memory.present.notices, { version, failure, attempts, nextTry: retryAt, at: tools.clock.now() }),
    });
}

/** A job that shows how far it is, and knows how long the download took. */
function watched({ version, by }: Order, { tools, memory, signal }: Ground): { readonly job: Job; downloadMs(): number } {
  const { clock, host } = tools;
  let meter = speedometer();
  let step: Step = 'check';
  let downloadMs = 0;
  let sinceMs = clock.monotonicMs();
  const report = (progress: Progress): void => {
    const atMs = clock.monotonicMs();
    if (progress.step !== step) {
      if (step === 'download') downloadMs += atMs - sinceMs;
      [meter, step, sinceMs] = [speedometer(), progress.step, atMs];
    }
    meter.add(atMs, progress.doneBytes);
    const { preparing } = memory.present;
    // What still arrives of a process that is being stopped is not shown.
    if (signal.aborted || preparing === null) return;
    const pace = paceOf(progress, meter, atMs);
    host.showProgress(pace.share);
    memory.change({ preparing: { ...preparing, progress, pace } });
  };
  const progress: Progress = { step: 'check', doneBytes: 0, totalBytes: null };
  memory.change({ preparing: { version, by, isPaused: false, progress, pace: paceOf(progress, meter, sinceMs) }, failed: null });
  return { job: { signal, report }, downloadMs: () => downloadMs };
}

/** How much of the whole each step is, about. */
const weights: Readonly<Record<Step, number>> = { check: 5, download: 55, build: 25, verify: 15, switch: 0, confirm: 0 };

function paceOf({ step, doneBytes, totalBytes }: Progress, meter: Speedometer, atMs: number): Preparing['pace'] {
  const before = steps.slice(0, steps.indexOf(step)).reduce((sum, each) => sum + weights[each], 0);
  const within = totalBytes === null || totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
  return { ...meter.estimate(atMs, totalBytes), share: (before + within * weights[step]) / 100 };
}
