/** Cases of the campaign: a command that is disturbed at one of its calls, what must hold then, and after the same command again. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { quickEnvironment, runWithFault, type Command, type Ended, type Fault } from '../shim/shim.ts';
import { seeded, spread } from './choice.ts';
import { carryOut, type Scenario } from './scenario.ts';

/** A scenario in folders below `folder`, in one process or through the real command line with its engine process. */
export interface Stage {
  readonly through: 'engine' | 'command';
  readonly scenario: Scenario;
  readonly folder: string;
}

/** What is done to the command, and at how many calls of its repetition, chosen by the seed, the same is done again. */
export interface Case {
  readonly fault: Fault;
  readonly again: number;
  readonly seed: number;
}

/** How many times a command was disturbed, and what was broken: nothing, where all is well. */
export interface Tried {
  readonly cases: number;
  readonly broken: readonly string[];
}

type Root = { readonly path: string } & AsyncDisposable;

/** Runs the scenario undisturbed and returns the calls that it makes; throws when it does not end as it should. */
export async function countCalls(stage: Stage, only?: string): Promise<readonly string[]> {
  await using root = await freshRoot(stage, 'undisturbed');
  const { calls, ...ended } = await runWithFault(command(stage, root.path), only === undefined ? null : { at: 0, what: 'before', only });
  const wrong = [...(hasEnded(ended) ? [] : [wordsOf(ended)]), ...(await wrongAfter(stage, root.path, null))];
  if (wrong.length > 0) throw new Error(`${stage.scenario.name}, undisturbed: ${wrong.join('; ')}`);
  return calls;
}

/** Disturbs a command at one call, and says what was broken: while it lay there, and after the same command again. */
export async function tryCase(stage: Stage, tried: Case): Promise<Tried> {
  const name = `${tried.fault.what} ${tried.fault.at}`;
  try {
    return await tryAt(stage, name, tried);
  } catch (error) {
    // What cannot even be looked at is broken, and the other cases go on.
    return report(name, [error instanceof Error ? String(error.stack) : String(error)]);
  }
}

async function tryAt(stage: Stage, name: string, { fault, again, seed }: Case): Promise<Tried> {
  await using root = await freshRoot(stage, name);
  const first = await disturb(stage, root.path, fault);
  if (again === 0) return report(name, [...first, ...(await wrongAfter(stage, root.path, fault))]);
  await using other = await copyOf(root.path, `${root.path} undisturbed`);
  const { calls, ...ended } = await runWithFault(command(stage, other.path), null);
  const then = isDone(stage, ended) ? [] : [`the same again: ${wordsOf(ended)}`];
  const tried = [report(name, [...first, ...then, ...(await wrongAfter(stage, other.path, fault))])];
  for (const at of spread(calls.length, again, seeded(seed + fault.at))) {
    await using twice = await copyOf(root.path, `${root.path} ${at}`);
    const second = await disturb(stage, twice.path, { ...fault, at });
    tried.push(report(`${name}, then ${at}`, [...second, ...(await wrongAfter(stage, twice.path, fault))]));
  }
  return { cases: tried.length, broken: tried.flatMap(({ broken }) => broken) };
}

function report(name: string, wrong: readonly string[]): Tried {
  return { cases: 1, broken: wrong.length === 0 ? [] : [`${name}: ${wrong.join('; ')}`] };
}

async function disturb(stage: Stage, root: string, fault: Fault): Promise<readonly string[]> {
  const ended = await runWithFault(command(stage, root), fault);
  return [...wrongEnding(stage, ended, fault), ...(await stage.scenario.wrongAnyTime(root))];
}

/** The same command once more, undisturbed, and what is wrong then: in this process, which saves starting another one. */
async function wrongAfter(stage: Stage, root: string, fault: Fault | null): Promise<readonly string[]> {
  const isCertain = fault === null || fault.what === 'before' || fault.what === 'after' || fault.what === 'starter';
  return [...(await finish(stage, root)), ...(await stage.scenario.wrongAtEnd(root, isCertain))];
}

/** Does the work once more, undisturbed, in this process; returns what went wrong. */
export async function finish({ scenario }: Pick<Stage, 'scenario'>, root: string): Promise<readonly string[]> {
  try {
    for (const step of scenario.steps(root)) await carryOut(step, quietJob());
    return [];
  } catch (error) {
    const { code, detail } = failureOf(error);
    return code === scenario.done ? [] : [`the same command again fails with ${code}: ${detail}`];
  }
}

/** A copy of the scenario's ground; removed with `await using`. */
export async function freshRoot({ scenario, folder }: Stage, name: string): Promise<Root> {
  return copyOf(scenario.ground, join(folder, name));
}

/** A first install may have been killed before there was anything. What outlives its starter may still be writing there when it is to go. */
async function copyOf(from: string | null, path: string): Promise<Root> {
  if (from !== null && existsSync(from)) await promisify(execFile)('cp', ['-a', '--reflink=auto', from, path]);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 9 }) };
}

/** The command of a scenario on a root, ready to be disturbed. */
export function command({ scenario, through }: Stage, root: string): Command {
  // Programs of the trial end like one that its user leaves, since the command stays with them.
  const env = { ...quickEnvironment(), ...(through === 'command' ? { QUIT_AT_ONCE: '1' } : {}) };
  if (through === 'engine') return { args: [engine, JSON.stringify(scenario.steps(root))], root, env };
  return { args: [moult, '--root', root, '--json', '--quiet', ...(scenario.words ?? [])], root, env };
}

const engine = fileURLToPath(new URL('engine-process.ts', import.meta.url));
const moult = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

/** A killed command is dead, or says so of its program; one whose engine died has another; one whose call failed ends by itself: well, or saying what kind of thing happened. */
function wrongEnding(stage: Stage, ended: Ending, { what }: Fault): readonly string[] {
  const isKilled = typeof what === 'string' && what !== 'half' && (ended.signal === 'SIGKILL' || ended.code === 137);
  const isTold = typeof what === 'number' && ended.code !== null && told.test(ended.stdout);
  return isDone(stage, ended) || isKilled || isTold ? [] : [wordsOf(ended)];
}

/**
 * A full or failing disk (SQLite does not say why it could not open a file), what is damaged as far as anybody can see, or a program
 * that failed for it and is the only one.
 */
const told = /"(disk\/(space|io|denied)|build\/hash|switch\/denied|state\/damaged|start\/unstable)"/;

type Ending = Omit<Ended, 'calls'>;

/** Well, or with 7 from a trial that was taken back. */
function hasEnded({ code }: Ending): boolean {
  return code === 0 || code === 7;
}

function isDone({ scenario: { done } }: Stage, ended: Ending): boolean {
  return hasEnded(ended) || (done !== null && ended.stdout.includes(`"${done}"`));
}

function wordsOf({ code, signal, stdout, stderr }: Ending): string {
  return `ended with ${signal ?? code}: ${stdout}${stderr}`.trim();
}
