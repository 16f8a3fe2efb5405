/** One turn of the service: looks at what holds now, and begins what is due. */
import { currentGeneration } from '../../../updater/install/generations.ts';
import { timeText } from '../../../updater/model/parse.ts';
import { isClockTrusted } from '../decide/level.ts';
import { napMs, untilDueMs } from '../decide/schedule.ts';
import type { Decisions } from '../kept/decisions.ts';
import { levelNow, mayAsk, whatNow } from '../decide/view.ts';
import type { Scheduled } from '../kept/scheduled.ts';
import type { Checks } from './check.ts';
import { noticesOfRecords, tellSilence } from './notices.ts';
import type { Preparation } from './prepare.ts';
import { aroundOf, momentOf, notify, type Memory, type Present, type Tools } from './present.ts';
import { stepToRestart } from './ready.ts';

/** Whom a turn sets to work. */
export interface Crew {
  readonly tools: Tools;
  readonly memory: Memory;
  readonly checks: Checks;
  readonly preparation: Preparation;
  readonly scheduled: Scheduled;
  look(): Promise<void>;
  /** A turn follows when something that nobody waits for is over; what it throws is shown as the state. */
  after(task: Promise<unknown>): void;
}

/** How often a version that has yet to prove itself is looked at, and for how long: where nobody watches it, life goes on. */
const confirmingMs = 5000;
const longestTrialMs = 10 * 60_000;

/** Takes a turn; returns the milliseconds to the next one. */
export async function takeTurn(crew: Crew): Promise<number> {
  const { tools, memory } = crew;
  if (memory.present.blocked !== null) return napMs(Number.POSITIVE_INFINITY);
  if (await isConfirming(tools, memory)) return confirmingMs;
  await noteLevel(tools, memory);
  await askAtRed(tools, memory);
  tellSilence(tools, memory);
  beginWhatIsDue(crew);
  const snapshotMs = await crew.scheduled.beginIfDue();
  const restartMs = stepToRestart(tools, memory);
  return napMs(
    Math.min(
      snapshotMs,
      untilCheckMs(memory.present, tools),
      restartMs ?? Number.POSITIVE_INFINITY,
      untilWordEndsMs(memory.present.decisions, tools.clock.now()),
    ),
  );
}

/** A check waits for what is under way, which ends in a turn of its own. */
function untilCheckMs({ checking, preparing, isRestarting, rhythm }: Present, { clock }: Tools): number {
  const isFree = checking === null && !isRestarting && (preparing === null || preparing.isPaused);
  return isFree ? untilDueMs(rhythm, momentOf(clock)) : Number.POSITIVE_INFINITY;
}

/** Until something that was said, or a pause after a failure, is over. */
function untilWordEndsMs({ later, dismissed, trouble }: Decisions, now: Date): number {
  const ends = [later?.until, dismissed?.until, trouble?.retryAt].flatMap((end) => (typeof end === 'string' ? [Date.parse(end)] : []));
  return Math.min(...ends.map((end) => end - now.getTime()).filter((ms) => ms > 0), Number.POSITIVE_INFINITY);
}

/** A version on trial is left alone until its supervisor has found it good. */
async function isConfirming(tools: Tools, memory: Memory): Promise<boolean> {
  const { running, decisions, isConfirming: isSo, openedMs } = memory.present;
  if (!isSo) return false;
  const now = await currentGeneration(tools.place.instance);
  if (now === null || now.n !== running.n || now.state !== 'good') {
    memory.change({ isConfirming: tools.clock.monotonicMs() - openedMs < longestTrialMs });
    return memory.present.isConfirming;
  }
  memory.change({ running: now, isConfirming: false, notices: await noticesOfRecords(tools, now, decisions) });
  if (now.why === 'update') notify({ code: 'updated', version: now.version }, tools, memory);
  await tools.ledger.catchUp();
  return false;
}

/** The level under a wrong clock is bounded by the last one under a right one. */
async function noteLevel({ clock }: Tools, memory: Memory): Promise<void> {
  const { offered, decisions } = memory.present;
  const now = clock.now();
  if (offered === null || !isClockTrusted(now, offered.signed)) return memory.change({});
  const level = levelNow(memory.present, now);
  if (level === decisions.level) memory.change({});
  else await memory.decide({ level });
}

async function askAtRed(tools: Tools, memory: Memory): Promise<void> {
  const around = aroundOf(tools);
  const { isBack } = memory.present;
  memory.change({ isBack: false });
  if (!isBack || !mayAsk(memory.present, around, tools.busy().includes('unsaved'))) return;
  memory.change({ isModal: true });
  await memory.decide({ modalAt: timeText(around.now) });
}

function beginWhatIsDue({ tools, memory, checks, preparation, after }: Crew): void {
  const { present } = memory;
  const { offered, ready } = present;
  if (present.checking !== null || present.isRestarting) return;
  if (untilCheckMs(present, tools) === 0) {
    return after(checks.ask('schedule'));
  }
  const what = whatNow(present, aroundOf(tools));
  if (present.preparing !== null || what?.kind !== 'prepare' || offered === null || ready?.version === offered.version) return;
  after(preparation.start({ version: offered.version, by: what.by }));
}
