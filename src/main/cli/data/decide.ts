/** What a person says about the version on offer, and how urgent it is: the same as in the window, through the program where it runs. */
import type { Instance } from '../../../updater/install/layout.ts';
import { installedGeneration } from '../../../updater/install/generations.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { parseAs, timeText } from '../../../updater/model/parse.ts';
import { commands } from '../../contract/commands.ts';
import type { Level } from '../../contract/views.ts';
import { openLedger } from '../../ledger/ledger.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { daysBetween } from '../../updates/decide/level.ts';
import { canBeSkipped, type Answer } from '../../updates/decide/policy.ts';
import { levelNow } from '../../updates/decide/view.ts';
import { answerTo, readDecisions, withAnswer, writeDecisions } from '../../updates/kept/decisions.ts';
import { readOffer } from '../../updates/kept/offer.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';

/** The version on offer, for how many days the installation has been behind, and what was said about it. */
export interface Reminder {
  readonly version: string;
  readonly level: Level;
  readonly ageDays: number;
  readonly decision: Answer;
}

/** What the last check of the program found; null when nothing is on offer to `running`, or its program never asked. */
export async function reminderOf(instance: Instance, running: string, now: Date): Promise<Reminder | null> {
  const offered = await readOffer(instance, running);
  if (offered === null) return null;
  const decisions = await readDecisions(instance);
  const ageDays = decisions.behind === null ? 0 : daysBetween(decisions.behind.since, now);
  return {
    version: offered.version,
    level: levelNow({ decisions, offered }, now),
    ageDays,
    decision: answerTo(offered.version, decisions),
  };
}

const words: Readonly<Record<Level, string>> = { subtle: 'available', yellow: 'recommended', orange: 'overdue', red: 'urgent' };

/** A reminder in one line. */
export function reminderText({ version, level, ageDays, decision }: Reminder): string {
  const said = decision.kind === 'later' ? `, put off until ${decision.until}` : decision.kind === 'skipped' ? ', skipped' : '';
  return `${version} ${words[level]}, ${ageDays} days behind${said}`;
}

/** `moult decide later|skip`: what was said holds as if it had been said in the window. */
export function decide(globals: Globals, decision: string, { hours }: { readonly hours: string }): Promise<number> {
  return runCommand(globals, async () => {
    const { instance } = placeOf(globals);
    const { version: from } = await installedGeneration(instance);
    const offered = await readOffer(instance, from);
    if (offered === null) throw new Failed('check/no-such-version', 'nothing is on offer: see "moult check"');
    const { version } = offered;
    if (decision !== 'later' && decision !== 'skip') throw new Failed('usage/wrong', 'later or skip');
    const input = parseAs(commands['updates/decide'], { version, decision, hours: Number(hours) }, { what: 'decide', code: 'usage/wrong' });
    const running = await findRunning(instance);
    if (running !== null) await running.ask('updates/decide', input);
    else await decideHere(instance, { offered, decision, hours: input.hours });
    const reminder = await reminderOf(instance, from, new Date());
    say(globals, reminder, reminder === null ? '' : reminderText(reminder));
    return 0;
  });
}

interface Word {
  readonly offered: NonNullable<Awaited<ReturnType<typeof readOffer>>>;
  readonly decision: 'later' | 'skip';
  readonly hours: number;
}

async function decideHere(instance: Instance, { offered, decision, hours }: Word): Promise<void> {
  const now = new Date();
  const decisions = await readDecisions(instance);
  const { version } = offered;
  if (decision === 'skip' && !canBeSkipped(offered, levelNow({ decisions, offered }, now), offered.isSteppingStone))
    throw new Failed('usage/wrong', `${version} cannot be skipped`);
  const until = timeText(new Date(now.getTime() + hours * 3_600_000));
  await writeDecisions(instance, withAnswer(decisions, version, decision === 'skip' ? { kind: 'skipped' } : { kind: 'later', until }));
  using ledger = await openLedger(instance, () => now);
  ledger.note({ kind: 'decision', from: offered.from, to: version, by: 'user', what: decision });
}
