/** Asking what is offered: never twice at once, and what it means for what is remembered. */
import { gt } from 'semver';
import type { UpdateResult } from '../../../updater/engine/process/requests.ts';
import { stagedGeneration } from '../../../updater/install/generations.ts';
import { Failed, failureOf, type Failure } from '../../../updater/model/failure.ts';
import { timeText } from '../../../updater/model/parse.ts';
import type { CheckAnswer } from '../../contract/views.ts';
import { nextRhythm } from '../decide/schedule.ts';
import { whatNow } from '../decide/view.ts';
import type { Decisions } from '../kept/decisions.ts';
import { offeredBy, writeOffer, type Offered } from '../kept/offer.ts';
import { aroundOf, ifDiskLets, momentOf, notify, type By, type Memory, type Tools } from './present.ts';
import { readyFrom } from './ready.ts';

/** Checks, one at a time. */
export interface Checks {
  /** Asks, or joins whoever asks already: a person's question raises an automatic check. */
  ask(by: By): Promise<CheckAnswer>;
  /** Resolves when nothing is under way. */
  settled(): Promise<unknown>;
}

/** Opens the way to check; `signal` ends a check that is under way when the service closes. */
export function openChecks(tools: Tools, memory: Memory, signal: AbortSignal): Checks {
  let underWay: Promise<CheckAnswer> | null = null;
  const ask = (by: By): Promise<CheckAnswer> => {
    if (underWay === null) {
      underWay = checkOnce(by, { tools, memory, signal }).finally(() => {
        underWay = null;
      });
    } else if (by === 'user') memory.change({ checking: 'user' });
    return underWay;
  };
  return { ask, settled: () => Promise.resolve(underWay) };
}

interface Ground {
  readonly tools: Tools;
  readonly memory: Memory;
  readonly signal: AbortSignal;
}

async function checkOnce(by: By, { tools, memory, signal }: Ground): Promise<CheckAnswer> {
  const { place, ledger, clock } = tools;
  memory.change({ checking: by, failed: null });
  const row = ledger.begin({ kind: 'check', from: memory.present.running.version, by });
  try {
    const result = await tools.ask(
      { ...requestOf(tools, memory), ...patienceOf(by, { tools, memory }) },
      { signal, report: () => undefined },
    );
    const offered = result.kind === 'planned' ? offeredBy(result) : result.kind === 'staged' ? memory.present.offered : null;
    const isNew = offered !== null && offered.version !== memory.present.offered?.version;
    await remember(offered, result, { tools, memory });
    if (isNew && by === 'schedule') tellOfOffer(offered, { tools, memory });
    ledger.finish(row, { status: 'done', to: versionIn(result) });
    settle(null, { tools, memory, retryAfterMs: null });
    const version = versionIn(result);
    return version === null ? { kind: 'none', version: memory.present.running.version } : { kind: 'available', version };
  } catch (error) {
    // A check that fails is an answer like any other to whoever asked, and silence to everybody else.
    const failure = failureOf(error);
    ledger.finish(row, { status: failure.code === 'job/cancelled' ? 'cancelled' : 'failed', error: failure });
    await memory.decide({ silentSince: memory.present.decisions.silentSince ?? timeText(clock.now()) });
    settle(failure, { tools, memory, retryAfterMs: error instanceof Failed ? error.retryAfterMs : null });
    const since = /stale since (\S+)$/.exec(failure.detail)?.[1];
    return failure.code === 'check/stale' && since !== undefined ? { kind: 'stale', since } : { kind: 'failed', failure };
  } finally {
    memory.change({ checking: null, ready: readyFrom(await stagedGeneration(place.instance), memory.present) });
  }
}

/** Somebody whose window is not in front hears of what is for them to decide. */
function tellOfOffer({ version }: Offered, { tools, memory }: Pick<Ground, 'tools' | 'memory'>): void {
  if (whatNow(memory.present, aroundOf(tools))?.kind === 'ask') notify({ code: 'available', version }, tools, memory);
}

function requestOf({ place, clock }: Tools, { present }: Memory) {
  const where = { root: place.layout.root, instance: place.instance.name, now: clock.now().toISOString() };
  const { channel, proxy } = present.preferred.values;
  return { kind: 'check', ...where, channel, proxy } as const;
}

/** How long a server may put off checks that nobody waits for. It could hide for ever otherwise that what it serves has gone stale. */
const putOffMs = 24 * 3_600_000;

/** What an automatic check says to the server when it asks whether now is a good time: nothing of this installation unless that was allowed. */
function patienceOf(by: By, { tools, memory: { present } }: Pick<Ground, 'tools' | 'memory'>) {
  const { silentSince } = present.decisions;
  const isPutOff = silentSince !== null && tools.clock.now().getTime() - Date.parse(silentSince) > putOffMs;
  if (by === 'user' || isPutOff) return {};
  const { version, evolutions } = present.running;
  return { unhurried: { says: present.preferred.values.telemetry ? { version, evolutions } : {} } };
}

function versionIn(result: UpdateResult): string | null {
  return result.kind === 'none' ? null : result.kind === 'planned' ? result.version : result.generation.version;
}

async function remember(
  offered: Offered | null,
  { news }: UpdateResult,
  { tools, memory }: Pick<Ground, 'tools' | 'memory'>,
): Promise<void> {
  const { running, decisions } = memory.present;
  await ifDiskLets(() => writeOffer(tools.place.instance, offered));
  memory.change({ offered, recalled: news?.recalled ?? null });
  const behind =
    offered === null ? decisions.behind : behindWith(offered, decisions.behind, { running: running.version, now: tools.clock.now() });
  await memory.decide({ silentSince: null, behind });
}

/** Since when the installation is behind, and what it lacks; a newer version that takes over as the offer does not start it anew. */
function behindWith(
  { severity }: Offered,
  before: Decisions['behind'],
  { running, now }: { readonly running: string; readonly now: Date },
): Decisions['behind'] {
  const isUpdated = before === null || gt(running, before.running);
  const at = timeText(now);
  const { since, highSince, isCritical } = isUpdated ? { since: at, highSince: null, isCritical: false } : before;
  const isHigh = severity === 'high' || severity === 'critical';
  return { running, since, highSince: highSince ?? (isHigh ? at : null), isCritical: isCritical || severity === 'critical' };
}

function settle(
  failure: Failure | null,
  { tools, memory, retryAfterMs }: Pick<Ground, 'tools' | 'memory'> & { readonly retryAfterMs: number | null },
): void {
  const rhythm = nextRhythm(momentOf(tools.clock), tools.chance(), retryAfterMs);
  memory.change({ rhythm, lastCheck: { at: timeText(tools.clock.now()), failure } });
}
