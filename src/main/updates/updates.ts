/**
 * The update service: checks, decides, prepares, waits for the right moment, and reminds.
 *
 * Nothing here is needed for the application to run. What is decided stands in `decide/` (pure), what is remembered in `kept/` (one record
 * each), what is done in `work/`: one loop with one timer, in which everything that happens leads to a turn.
 */
import { readRecord } from '../../updater/disk/atomic.ts';
import { abilityOf } from '../../updater/install/checks/ability.ts';
import { versionsOnHold } from '../../updater/install/checks/hold.ts';
import { installedGeneration, stagedGeneration } from '../../updater/install/generations.ts';
import type { Instance } from '../../updater/install/layout.ts';
import { failureOf } from '../../updater/model/failure.ts';
import { parseSource, type Generation } from '../../updater/model/generation.ts';
import { timeText } from '../../updater/model/parse.ts';
import type { HostSignal } from '../host/host.ts';
import { firstRhythm, hastened, untilDueMs } from './decide/schedule.ts';
import { awayMs } from './decide/away.ts';
import { bannerOf, offerViewOf, stateOf } from './decide/view.ts';
import { readDecisions, type Decisions } from './kept/decisions.ts';
import { readOffer, type Offered } from './kept/offer.ts';
import { obeyKeeping, readPreferences, type Whose } from './kept/preferences.ts';
import { openScheduled } from './kept/scheduled.ts';
import { openAnswers, type UpdateHandlers } from './work/answers.ts';
import { openChecks } from './work/check.ts';
import { openLoop, type Loop } from './work/loop.ts';
import { noticesOfRecords } from './work/notices.ts';
import { openPreparation } from './work/prepare.ts';
import { aroundOf, ifDiskLets, momentOf, openMemory, type Memory, type Present, type Tools } from './work/present.ts';
import { readyFrom, withoutNotice } from './work/ready.ts';
import { takeTurn, type Crew } from './work/turn.ts';

export type { Clock, Tools } from './work/present.ts';

/** The service, running until it is disposed of. */
export interface Updates extends AsyncDisposable {
  readonly handlers: UpdateHandlers;
  /** Says that what `tools.busy` answers has changed; resolves once that is taken into account. */
  busyChanged(): Promise<void>;
  /** Says that something may have been staged, here or by a command: it waits for the next start like any other. */
  stagedChanged(): Promise<void>;
}

/** How long the service waits for a host that never says that its window is usable. */
const patienceMs = 5 * 60_000;
/** After something that was not foreseen. */
const againMs = 60_000;

/** Opens the service for the version that runs; it puts its topics on the board at once. Throws `start/nothing` where nothing is installed. */
export async function openUpdates(tools: Tools): Promise<Updates> {
  const { place, clock, ledger, policyFile } = tools;
  const source = await readRecord(place.layout.source, parseSource);
  const whose: Whose = { instance: place.instance, policyFile, channel: source?.channel ?? 'stable' };
  ledger.cutUnfinished();
  await ledger.catchUp();
  const memory = openMemory(await lookAround(tools, whose), place.instance, (present) => show(present, tools));
  const closing = new AbortController();
  const checks = openChecks(tools, memory, closing.signal);
  const preparation = openPreparation(tools, memory, closing.signal);
  const scheduled = openScheduled(tools, memory, closing.signal);
  // The application runs on whatever becomes of its updates: what goes wrong in between is shown, and tried again.
  const trouble = (error: unknown): number => {
    memory.change({ failed: failureOf(error) });
    return againMs;
  };
  const loop = openLoop(() => takeTurn(crew).catch(trouble), clock);
  const after = (task: Promise<unknown>): void => void task.catch(trouble).then(loop.look);
  const crew: Crew = { tools, memory, checks, preparation, scheduled, look: loop.look, after };
  const watching = tools.host.watch(listener(tools, memory, loop));
  const close = async (): Promise<void> => {
    watching[Symbol.dispose]();
    closing.abort();
    await loop[Symbol.asyncDispose]();
    await Promise.all([checks.settled(), preparation.settled(), scheduled.settled()]);
  };
  const stagedChanged = async (): Promise<void> => {
    memory.change({ ready: readyFrom(await stagedGeneration(place.instance), memory.present) });
    await loop.look();
  };
  await loop.look();
  return { handlers: openAnswers(crew, whose), busyChanged: loop.look, stagedChanged, [Symbol.asyncDispose]: close };
}

/** What the records say at the start. */
async function lookAround(tools: Tools, whose: Whose): Promise<Present> {
  const { place, clock, ledger } = tools;
  const running = await installedGeneration(place.instance);
  const decisions = await decisionsAtStart(place.instance, running);
  const preferred = await readPreferences(whose);
  await ifDiskLets(() => obeyKeeping(place.instance, preferred));
  const ability = abilityOf(place.layout);
  const [lastCheck] = ledger.list('check', 1);
  const present: Present = {
    running,
    isConfirming: running.state === 'trying' || running.state === 'staged',
    blocked: ability.kind === 'full' ? null : ability.why,
    preferred,
    decisions,
    offered: await offeredAtStart(tools, running.version),
    checking: null,
    preparing: null,
    ready: null,
    failed: null,
    isRestarting: false,
    recalled: null,
    isModal: false,
    isBack: false,
    hidden: [],
    notices: await noticesOfRecords(tools, running, decisions),
    rhythm: { since: momentOf(clock), waitMs: patienceMs, atLeastMs: 0 },
    lastCheck: lastCheck === undefined ? null : { at: lastCheck.startedAt, failure: lastCheck.error },
    openedMs: clock.monotonicMs(),
  };
  return { ...present, ready: readyFrom(await stagedGeneration(place.instance), present) };
}

/** What failed its trial since it was offered is not offered any more (R09). */
async function offeredAtStart({ place, clock }: Tools, running: string): Promise<Offered | null> {
  const offered = await readOffer(place.instance, running);
  const held = await versionsOnHold(place.instance, clock.now());
  return held.some(({ version }) => version === offered?.version) ? null : offered;
}

/** Whoever starts for the first time was not updated; who went back is not told of an update either. */
async function decisionsAtStart(instance: Instance, { version, why }: Generation): Promise<Decisions> {
  const decisions = await readDecisions(instance);
  const isNews = decisions.ran !== null && why === 'update';
  return isNews ? decisions : { ...decisions, ran: version };
}

/** Hears what the person and the machine do; only what matters leads to a turn. */
function listener({ clock, chance }: Tools, memory: Memory, { look }: Loop): (signal: HostSignal) => void {
  let activeMs = clock.monotonicMs();
  const comeBack = (): void => {
    memory.change({ isBack: true });
    void look();
  };
  return (signal) => {
    switch (signal) {
      case 'usable':
        memory.change({ rhythm: firstRhythm(momentOf(clock), chance()) });
        return comeBack();
      case 'activity': {
        const wasAway = clock.monotonicMs() - activeMs >= awayMs;
        activeMs = clock.monotonicMs();
        withoutNotice(memory);
        return wasAway ? comeBack() : undefined;
      }
      case 'online':
      case 'resume':
        memory.change({ rhythm: hastened(memory.present.rhythm) });
        return comeBack();
      case 'unlocked':
        return comeBack();
      case 'offline':
      case 'suspend':
      case 'windows-gone':
      case 'session-ends':
      case 'unshown':
        return undefined;
    }
  };
}

/** Puts what is known on the board. */
function show(present: Present, tools: Tools): void {
  const { board, clock } = tools;
  const around = aroundOf(tools);
  board.put('update', stateOf(present, around));
  board.put('offer', offerViewOf(present, around));
  board.put('banner', bannerOf(present, around));
  board.put('notices', present.notices);
  board.put('preferences', present.preferred);
  board.put('busy', { reasons: tools.busy() });
  const nextCheck =
    present.blocked === null ? timeText(new Date(clock.now().getTime() + untilDueMs(present.rhythm, momentOf(clock)))) : null;
  board.put('about', { ...board.present.about, lastCheck: present.lastCheck, nextCheck });
}
