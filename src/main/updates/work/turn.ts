/** One turn of the service: looks at what holds now, and begins what is due. */
import { currentGeneration } from '../../../updater/install/generations.ts';
import { timeText } from '../../../updater/model/parse.ts';
import { isClockTrusted } from '../decide/level.ts';
import { napMs, untilDueMs } from '../decide/schedule.ts';
import type { Decisions } from '../kept/decisions.ts';
import { levelNow, mayAsk, whatNow } from '../decide/view.ts';
import type { Checks } from './check.ts';
import { noticesOfRecords, tellSilence } from './notices.ts';
import type { Preparation } from './prepare.ts';
import { aroundOf, momentOf, notify, type Memory, type Tools } from './present.ts';
import { stepToRestart } from './ready.ts';

/** Whom a turn sets to work. */
export interface Crew {
  readonly tools: Tools;
  readonly memory: Memory;
  readonly checks: Checks;
  readonly preparation: Preparation;
  look(): Promise<void>;
}

/** How often a version that has yet to prove itself is looked at. */
const confirmingMs = 5000;

/** Takes a turn; returns the milliseconds to the next one. */
export async function takeTurn(crew: Crew): Promise<number> {
  const { tools, memory } = crew;
  if (memory.present.blocked !== null) return napMs(Number.POSITIVE_INFINITY);
  if (await isConfirming(tools, memory)) return confirmingMs;
  await noteLevel(tools, memory);
  await askAtRed(tools, memory);
  tellSilence(tools, memory);
  beginWhatIsDue(crew);
  const restartMs = stepToRestart(tools, memory);
  // What is under way ends in a turn of its own.
  const checkMs = memory.present.checking === null ? untilDueMs(memory.present.rhythm, momentOf(tools.clock)) : Number.POSITIVE_INFINITY;
  return napMs(Math.min(checkMs, restartMs ?? Number.POSITIVE_INFINITY, untilWordEndsMs(memory.present.decisions, tools.clock.now())));
}

/** Until something that was said, or a pause after a failure, is over. */
function untilWordEndsMs({ later, dismissed, trouble }: Decisions, now: Date): number {
  const ends = [later?.until, dismissed?.until, trouble?.retryAt].flatMap((end) => (typeof end === 'string' ? [Date.parse(end)] : []));
  return Math.min(...ends.map((end) => end - now.getTime()).filter((ms) => ms > 0), Number.POSITIVE_INFINITY);
}

/** A version on trial is left alone until its supervisor has found it good. */
async function isConfirming(tools: Tools, memory: Memory): Promise<boolean> {
  const { running, decisions } = memory.present;
  if (running.state === 'good') return false;
  const now = await currentGeneration(tools.place.instance);
  if (now === null || now.n !== running.n || now.state !== 'good') {
    memory.change({});
    return true;
  }
  memory.change({ running: now, notices: await noticesOfRecords(tools, now, decisions) });
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

function beginWhatIsDue({ tools, memory, checks, preparation, look }: Crew): void {
  const { present } = memory;
  const { offered, ready } = present;
  if (present.checking !== null || present.isRestarting) return;
  const isIdle = present.preparing === null || present.preparing.isPaused;
  if (isIdle && untilDueMs(present.rhythm, momentOf(tools.clock)) === 0) {
    void checks.ask('schedule').then(look);
    return;
  }
  const what = whatNow(present, aroundOf(tools));
  if (present.preparing !== null || what?.kind !== 'prepare' || offered === null || ready?.version === offered.version) return;
  void preparation.start({ version: offered.version, by: what.by }).then(look);
}
