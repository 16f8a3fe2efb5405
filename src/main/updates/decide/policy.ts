/**
 * What is done about a version on offer: the one place that decides it, pure. `docs/updates.md` has the same as a table.
 *
 * What arrives here has passed the engine: it is signed, newer, not withdrawn, not paused, this machine's share of the rollout
 * is reached, and it is not on hold after a failed trial.
 */
import type { Preferences } from '../../contract/preferences.ts';
import type { Level, OfferView } from '../../contract/views.ts';
import type { Conditions } from '../../host/host.ts';

/** What the person said about the version on offer. */
export type Answer =
  { readonly kind: 'none' } | { readonly kind: 'now' } | { readonly kind: 'later'; readonly until: string } | { readonly kind: 'skipped' };

export interface Situation {
  readonly offer: Pick<OfferView, 'type' | 'severity' | 'risk' | 'bytesToFetch'> & { readonly isBreaking: boolean };
  readonly level: Level;
  readonly preferences: Pick<Preferences, 'autoUpdate' | 'metered' | 'battery'>;
  readonly answer: Answer;
  /** What the person chose about the data, where something breaks. */
  readonly choice: 'migrate' | 'fresh' | null;
  /** How often in a row preparing this version failed, and from when on it is tried again by itself (null: never). */
  readonly trouble: { readonly attempts: number; readonly retryAt: string | null };
  readonly conditions: Pick<Conditions, 'isOnline' | 'isMetered' | 'isOnBattery'>;
  readonly now: Date;
}

/** `nothing`: not even a word; `ask`: the person is told and decides; `wait`: it goes on by itself when that has passed. */
export type What =
  | { readonly kind: 'nothing'; readonly because: 'skipped' | 'later' }
  | { readonly kind: 'ask'; readonly because: 'breaking' | 'later' | 'preference' | 'not-security' | 'risk' | 'failed' | 'metered' }
  | { readonly kind: 'wait'; readonly because: 'offline' | 'battery' }
  | { readonly kind: 'prepare'; readonly by: 'user' | 'schedule' };

/** Decides. The person's own word comes first, except that nothing breaks without a choice. */
export function whatToDo(situation: Situation): What {
  const { offer, answer, choice } = situation;
  if (offer.isBreaking && choice === null) return silence(situation) ?? { kind: 'ask', because: 'breaking' };
  if (answer.kind === 'now') return { kind: 'prepare', by: 'user' };
  return silence(situation) ?? whyAsk(situation) ?? whyWait(situation) ?? { kind: 'prepare', by: 'schedule' };
}

/** Whether a version closes a hole: such a one cannot be skipped. */
function isSecurity({ type, severity }: Pick<OfferView, 'type' | 'severity'>): boolean {
  return type === 'security' || severity === 'high' || severity === 'critical';
}

/** Whether the person may turn a version down for good. A stepping stone is one that a newer version asks for. */
export function canBeSkipped(offer: Pick<OfferView, 'type' | 'severity'>, level: Level, isSteppingStone: boolean): boolean {
  return !isSecurity(offer) && level !== 'red' && !isSteppingStone;
}

/** At red nobody is spared the banner. */
function silence({ answer, offer, level, now }: Situation): What | null {
  if (level === 'red') return null;
  if (answer.kind === 'skipped' && !isSecurity(offer)) return { kind: 'nothing', because: 'skipped' };
  return isPutOff(answer, now) ? { kind: 'nothing', because: 'later' } : null;
}

function isPutOff(answer: Answer, now: Date): boolean {
  return answer.kind === 'later' && now < new Date(answer.until);
}

function whyAsk({ offer, answer, preferences, trouble, conditions, now }: Situation): What | null {
  const ask = (because: Extract<What, { kind: 'ask' }>['because']): What => ({ kind: 'ask', because });
  if (isPutOff(answer, now)) return ask('later');
  if (preferences.autoUpdate === 'ask') return ask('preference');
  if (preferences.autoUpdate === 'security' && !isSecurity(offer)) return ask('not-security');
  if (offer.risk === 'high') return ask('risk');
  if (trouble.attempts > 0 && (trouble.retryAt === null || now < new Date(trouble.retryAt))) return ask('failed');
  if (offer.bytesToFetch > 0 && conditions.isMetered === true && preferences.metered === 'ask') return ask('metered');
  return null;
}

function whyWait({ preferences, conditions }: Situation): What | null {
  if (!conditions.isOnline) return { kind: 'wait', because: 'offline' };
  if (conditions.isOnBattery === true && preferences.battery === 'wait') return { kind: 'wait', because: 'battery' };
  return null;
}
