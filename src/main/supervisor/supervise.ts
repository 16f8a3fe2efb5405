/**
 * A start, from the records on disk to the end of the program: switches to what waits, tries it, takes it back when it is bad.
 *
 * Whatever the supervisor is killed at, the records say how far it was, and the next start goes on from there: every step below
 * is decided anew from disk. Each try is counted before its program starts, so a version that takes its supervisor along is
 * started three times at most.
 */
import { namesIn } from '../../updater/disk/atomic.ts';
import { compareTree } from '../../updater/disk/scan.ts';
import { takeLock } from '../../updater/disk/lock.ts';
import { activate, condemn, confirm, countTry, giveTryBack, settle, settleTrials, takeBack } from '../../updater/install/activate.ts';
import { recoverPointer } from '../../updater/install/checks/recover.ts';
import { returnData } from '../../updater/install/epoch/snapshot/return.ts';
import { currentGeneration } from '../../updater/install/generations.ts';
import { rollBack } from '../../updater/install/rollback.ts';
import type { Version } from '../../updater/install/versions.ts';
import { Failed, failureOf } from '../../updater/model/failure.ts';
import type { Generation } from '../../updater/model/generation.ts';
import type { Job } from '../../updater/model/job.ts';
import { cleanUpAfterwards } from './afterwards.ts';
import { decide, type StartPlan } from './decide.ts';
import { hasData, look } from './look.ts';
import {
  ending,
  ifDiskLets,
  launch,
  switchingOf,
  untilVerdict,
  versionOf,
  type Ending,
  type Left,
  type Session,
  type Tools,
  type Wish,
} from './session.ts';
import { isUnstable, noteFine, noteTold } from './starts.ts';
import { untried, type Trial } from './trial/judge.ts';
import { watch, type Watching } from './trial/watch.ts';

/**
 * Starts what the instance's records say, under its lock, until it ends; anew, from disk, when it leaves with that wish. Throws `start/nothing`, `start/no-entry`,
 * `start/unstable` (three short starts of a good version, or a first version that fails), `disk/busy`, `state/damaged`.
 */
export async function supervise(wish: Wish, tools: Tools, job: Job): Promise<Ending> {
  const { layout, instance, patience, clock } = tools;
  if ((await namesIn(instance.folder)).length === 0) throw new Failed('start/nothing', `nothing is installed in ${layout.root}`);
  await using lock = await takeLock(instance.lock, { waitMs: patience.lockMs }, job);
  const recovered = await recoverPointer({ layout, instance, now: clock.wall() });
  if (recovered !== null) tools.tell({ kind: 'recovered', generation: null, failure: recovered });
  await settleTrials(tools);
  await bringDataBack(tools, job);
  if ((await currentGeneration(instance)) !== null) await settle({ layout, instance, now: clock.wall() });
  for (;;) {
    const ended = await goOn({ wish, tools, lock, takenBack: null, factor: 1, mayNotSwitch: false, instead: null }, job);
    if (!ended.again || job.signal.aborted) return ended;
  }
}

/** Where the data of what runs is a snapshot that cannot be read, the version starts all the same, and the person is told. */
async function bringDataBack({ layout, instance, clock, tell }: Tools, job: Job): Promise<void> {
  try {
    await returnData({ layout, instance, now: clock.wall() }, job);
  } catch (error) {
    const failure = failureOf(error);
    if (!failure.code.startsWith('state/')) throw error;
    tell({ kind: 'recovered', generation: null, failure });
  }
}

/** The next step by what is on disk now; every step ends here again or in an ending. */
async function goOn(session: Session, job: Job): Promise<Ending> {
  job.signal.throwIfAborted();
  if (session.instead !== null) return run(session.instead, session, job);
  const { current, staged, previous } = await look(session.tools, job);
  const plan = decide(current, session.mayNotSwitch ? null : staged, previous);
  switch (plan.kind) {
    case 'nothing':
      throw new Failed(plan.failure.code, plan.failure.detail);
    case 'run':
      return run(plan.generation, session, job);
    case 'switch':
      return goOn(await switchTo(plan.to, session, job), job);
    case 'back':
      return goOn(await (plan.from.state === 'good' ? leaveDamaged(plan, session, job) : goBack(plan, session)), job);
    case 'try':
      return tryOut(plan, { ...session, previous }, job);
  }
}

/** A version that is damaged, or cannot take the data over, is bad. Where only the machine is at fault it waits on, and the present one runs. */
async function switchTo(staged: Generation, session: Session, job: Job): Promise<Session> {
  const { tell } = session.tools;
  try {
    await refuseDamaged(await versionOf(staged, session), job);
    const generation = await activate(staged, switchingOf(session), job);
    tell({ kind: 'switched', generation, failure: null });
    // Content has proven itself by being switched to.
    if (generation.state === 'good') await cleanUpAfterwards(session.tools, job.signal);
    return { ...session, factor: 1 };
  } catch (error) {
    const failure = failureOf(error);
    const isOursToTell = failure.code.startsWith('disk/') && session.wish.until === 'verdict';
    if (failure.code === 'job/cancelled' || isOursToTell) throw error;
    tell({ kind: 'not-switched', generation: staged, failure });
    if (failure.code.startsWith('disk/')) return { ...session, mayNotSwitch: true };
    await ifDiskLets(() => condemn(staged, failure, session.tools));
    return { ...session, mayNotSwitch: true, takenBack: failure };
  }
}

/** On a full disk nothing can be written down, and yet the old version can run; the next start goes back again. */
async function goBack({ from, to, failure }: Extract<StartPlan, { kind: 'back' }>, session: Session): Promise<Session> {
  session.tools.tell({ kind: 'taken-back', generation: from, failure });
  const done = await ifDiskLets(async () => {
    await takeBack(from, { to, failure }, switchingOf(session));
    return true;
  });
  return { ...session, takenBack: failure, factor: 1, instead: done === null ? to : null };
}

/** The program is damaged, its data is not: the version before goes on with it, or with its own of then where it cannot read it. */
async function leaveDamaged(plan: Extract<StartPlan, { kind: 'back' }>, session: Session, job: Job): Promise<Session> {
  const switching = switchingOf(session);
  const target = String(plan.to.n);
  try {
    await rollBack({ target, data: null }, switching, job).catch((error: unknown) => {
      if (failureOf(error).code !== 'switch/data') throw error;
      return rollBack({ target, data: 'restore' }, switching, job);
    });
    session.tools.tell({ kind: 'taken-back', generation: plan.from, failure: plan.failure });
    return { ...session, takenBack: plan.failure, factor: 1 };
  } catch (error) {
    // Where no epoch can be made now, there may still be the one that the version before left.
    if (failureOf(error).code === 'job/cancelled' || !(await hasData(switching.instance, plan.to))) throw error;
    return goBack(plan, session);
  }
}

type Trying = Session & { readonly previous: Generation | null };

/** Starts a generation that has to prove itself, and does what the verdict says. */
async function tryOut({ generation, isLastResort }: Extract<StartPlan, { kind: 'try' }>, session: Trying, job: Job): Promise<Ending> {
  const { tools, previous, factor } = session;
  const tried = await counted(generation, session);
  if (tried === null) return goOn({ ...session, instead: previous }, job);
  await using running = await launch(tried, session, job);
  const trial = await watch(untried, running, untilVerdict(session, tried));
  const exit = trial.verdict?.kind === 'good' ? null : await running.program.stop(tools.patience.graceMs);
  if (exit === null) return await stay(await proven(tried, session), { running, trial }, session);
  if (trial.verdict?.kind === 'killed') return ending({ exit, again: false }, tried, session);
  if (trial.verdict?.kind !== 'failed' && trial.verdict?.kind !== 'slow')
    return ending({ exit, again: trial.again }, await giveTryBack(tried, tools), session);
  const { kind, detail } = trial.verdict;
  const { failure } = new Failed(kind === 'slow' ? 'start/slow' : 'start/failed', detail);
  if (kind === 'slow' && factor === 1 && tried.triesLeft > 0) {
    tools.tell({ kind: 'slow', generation: tried, failure });
    return await goOn({ ...session, factor: tools.patience.slowFactor }, job);
  }
  if (previous !== null) return await goOn(await goBack({ kind: 'back', from: tried, to: previous, failure }, session), job);
  await condemn(tried, failure, tools);
  throw new Failed(
    'start/unstable',
    `version ${tried.version} failed${isLastResort ? ' again' : ''} (${detail}), and there is no other one`,
  );
}

/** A try that cannot be counted is not made, while there is another version to run. */
async function counted(generation: Generation, { tools, previous }: Trying): Promise<Generation | null> {
  const count = (): Promise<Generation> => countTry(generation, { instance: tools.instance, now: tools.clock.wall() });
  return previous === null ? count() : ifDiskLets(count);
}

/** What cannot be written down has to be proven again at the next start. */
async function proven(tried: Generation, { tools }: Session): Promise<Generation> {
  return (await ifDiskLets(() => confirm(tried, { instance: tools.instance, now: tools.clock.wall() }))) ?? tried;
}

/** A program that proved itself runs on, unless only its verdict was wanted. What is done meanwhile never ends it. */
async function stay(good: Generation, { running, trial }: { running: Watching; trial: Trial }, session: Session): Promise<Ending> {
  const { tools, wish, takenBack } = session;
  tools.tell({ kind: 'good', generation: good, failure: null });
  const ended = wish.until === 'end' ? endOf(trial, running) : stopped(running, tools);
  const [left, cleaned] = await Promise.allSettled([ended, cleanUpAfterwards(tools, running.signal)]);
  if (left.status === 'rejected') throw left.reason;
  if (cleaned.status === 'rejected') throw cleaned.reason;
  return wish.until === 'end' ? ending(left.value, good, session) : { again: false, exitCode: 0, generation: good, takenBack };
}

/** Runs a generation that needs no trial, to its end. */
async function run(generation: Generation, session: Session, job: Job): Promise<Ending> {
  const { wish, tools, takenBack } = session;
  if (wish.until === 'verdict') return { again: false, exitCode: takenBack === null ? 0 : 7, generation, takenBack };
  if (!wish.isSafe && (await isUnstable(tools.instance, generation.n))) {
    await noteTold(tools.instance);
    throw new Failed(
      'start/unstable',
      `version ${generation.version} ended three times within ${tools.patience.healthyMs / 1000} s of its start`,
    );
  }
  await using running = await launch(generation, session, job);
  const isToldReady = untilVerdict(session, generation);
  const trial = await watch(untried, running, (now) => isToldReady(now) && now.awakeMs >= tools.patience.healthyMs);
  if (trial.exit === null || trial.quitting !== null || job.signal.aborted) await noteFine(tools.instance);
  return ending(await endOf(trial, running), generation, session);
}

/** Nothing that a proven program says is judged any more: nobody has to look before it ends, or is told to. */
async function endOf(trial: Trial, running: Watching): Promise<Left> {
  const { program, signal } = running;
  const isTold = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  if (!signal.aborted) await Promise.race([program.ended, isTold]);
  const { again } = await watch(trial, running, () => false);
  return { exit: await program.ended, again };
}

async function stopped({ program }: Watching, { patience }: Tools): Promise<Left> {
  return { exit: await program.stop(patience.graceMs), again: false };
}

/** Every file of a version is hashed before its first start. */
async function refuseDamaged(version: Version, job: Job): Promise<void> {
  const { missing, extra, changed } = await compareTree(version.folder, version.manifest.tree, job);
  const path = missing[0] ?? extra[0] ?? changed[0]?.path;
  if (path !== undefined) throw new Failed('state/damaged', `${path} of version ${version.record.version} is not as it was built`);
}
