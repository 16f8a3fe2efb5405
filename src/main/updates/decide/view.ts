/** What is shown of what the service knows: state, offer and banner. Pure. */
import type { UpdateState } from '../../../updater/model/application/state.ts';
import type { Banner, Level, OfferView } from '../../contract/views.ts';
import type { Conditions } from '../../host/host.ts';
import { answerTo } from '../kept/decisions.ts';
import { isBreaking, type Offered } from '../kept/offer.ts';
import type { Present } from '../work/present.ts';
import { daysBetween, isClockTrusted, levelOf, levels } from './level.ts';
import { canBeSkipped, whatToDo, type What } from './policy.ts';

/** What holds around the service at the moment it is looked at. */
export interface Around {
  readonly now: Date;
  readonly monotonicMs: number;
  readonly conditions: Conditions;
}

/** What an update is doing. */
export function stateOf(present: Present, { monotonicMs }: Pick<Around, 'monotonicMs'>): UpdateState {
  const { blocked, running, offered, checking, preparing, ready, failed, isRestarting } = present;
  if (blocked !== null) return { kind: 'disabled', why: blocked };
  if (isRestarting && ready !== null) return { kind: 'restarting', version: ready.version };
  if (present.isConfirming)
    return { kind: 'confirming', version: running.version, healthyForMs: Math.max(0, Math.round(monotonicMs - present.openedMs)) };
  if (preparing !== null) {
    const { version, progress, pace, isPaused } = preparing;
    return { kind: 'preparing', version, progress, pace, isPaused };
  }
  if (checking !== null) return { kind: 'checking', by: checking };
  if (ready !== null) {
    const { version, generation, when, restartAt } = ready;
    return { kind: 'ready', version, generation, when, restartAt };
  }
  if (failed !== null) return { kind: 'failed', failure: failed };
  if (offered === null || answerTo(offered.version, present.decisions).kind === 'skipped') return { kind: 'idle' };
  return { kind: 'available', version: offered.version, bytesToFetch: offered.bytesToFetch };
}

/** How urgent the offer is. */
export function levelNow({ decisions, offered }: Pick<Present, 'decisions' | 'offered'>, now: Date): Level {
  const { behind, level } = decisions;
  return levelOf({
    ageDays: behind === null ? 0 : daysBetween(behind.since, now),
    highDays: behind === null || behind.highSince === null ? null : daysBetween(behind.highSince, now),
    isCritical: behind?.isCritical ?? false,
    isClockTrusted: isClockTrusted(now, offered?.signed ?? null),
    last: level,
  });
}

/** What is to be done about the offer; null without one. */
export function whatNow(present: Present, { now, conditions }: Around): What | null {
  const { offered, decisions, preferred } = present;
  if (offered === null) return null;
  const { version } = offered;
  const trouble = decisions.trouble?.version === version ? decisions.trouble : { attempts: 0, retryAt: null };
  return whatToDo({
    offer: { ...offered, isBreaking: isBreaking(offered) },
    level: levelNow(present, now),
    preferences: preferred.values,
    answer: answerTo(version, decisions),
    choice: decisions.choice?.version === version ? decisions.choice.data : null,
    trouble,
    conditions,
    now,
  });
}

/** About how many bytes are fetched and built in a second, where nothing is known yet. */
const usualBytesPerSecond = 1_500_000;

/** The offer as the prompt shows it. */
export function offerViewOf(present: Present, around: Around): OfferView | null {
  const { offered, decisions } = present;
  if (offered === null) return null;
  const { isSteppingStone, signed: _, restartMs, breaking, canMigrate, canSnapshot, dataBytes, ...shown } = offered;
  const answer = answerTo(offered.version, decisions);
  const what = whatNow(present, around);
  const choice = decisions.choice?.version === offered.version ? decisions.choice.data : null;
  return {
    ...shown,
    ageDays: decisions.behind === null ? 0 : daysBetween(decisions.behind.since, around.now),
    seconds: { prepare: 5 + Math.ceil(offered.bytesToFetch / usualBytesPerSecond), restart: 2 + Math.ceil(restartMs / 1000) },
    breaking: isBreaking(offered) ? { changes: breaking, dataBytes, canMigrate, canSnapshot, choice } : null,
    canBeSkipped: canBeSkipped(offered, levelNow(present, around.now), isSteppingStone),
    decision: answer.kind === 'now' ? { kind: 'none' } : answer,
    waits: reasonOf(what),
  };
}

/** That asking is preferred is no reason to wait. */
function reasonOf(what: What | null): string | null {
  const isReason = (what?.kind === 'ask' && what.because !== 'preference') || what?.kind === 'wait';
  return isReason ? what.because : null;
}

/** The one line above every page: what was recalled comes first, then what is ready, then what is on offer. */
export function bannerOf(present: Present, around: Around): Banner | null {
  const { recalled, ready, hidden, offered, preparing } = present;
  if (recalled !== null && !hidden.includes('recalled')) return { kind: 'recalled', version: recalled.version, back: recalled.back };
  if (preparing !== null) return null;
  if (ready !== null) return hidden.includes('ready') ? null : { kind: 'ready', version: ready.version };
  return offered === null ? null : offerBanner(offered, present, around);
}

function offerBanner(offered: Offered, present: Present, around: Around): Banner | null {
  const { now } = around;
  const level = levelNow(present, now);
  if (!isShown(whatNow(present, around), level) || isDismissed(present, level, now)) return null;
  return {
    kind: 'offer',
    level,
    version: offered.version,
    ageDays: present.decisions.behind === null ? 0 : daysBetween(present.decisions.behind.since, now),
    bytesToFetch: offered.bytesToFetch,
    securityFixes: offered.changes.security,
    canDismiss: level !== 'red',
    isModal: present.isModal && level === 'red',
  };
}

/** What goes on by itself is worth a banner only once it is late. */
function isShown(what: What | null, level: Level): boolean {
  if (what === null || what.kind === 'nothing') return false;
  return what.kind === 'ask' || level !== 'subtle';
}

/** A level that is higher than the dismissed one is shown again. */
function isDismissed({ decisions: { dismissed } }: Present, level: Level, now: Date): boolean {
  return dismissed !== null && now < new Date(dismissed.until) && levels.indexOf(level) <= levels.indexOf(dismissed.level);
}

/** Whether the one dialog that comes by itself may come now; at red only, once a day, never over somebody's work. */
export function mayAsk(present: Present, { now, conditions }: Around, isUnsaved: boolean): boolean {
  const { modalAt } = present.decisions;
  const isDue = modalAt === null || Math.abs(now.getTime() - Date.parse(modalAt)) >= 24 * 3_600_000;
  const isFree = !isUnsaved && conditions.isFullScreen !== true && conditions.sinceTypingMs >= 60_000;
  return isDue && isFree && present.offered !== null && levelNow(present, now) === 'red';
}
