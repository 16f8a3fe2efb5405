import { spawn, type ChildProcess } from 'node:child_process';
import { z } from 'zod';
import { placeLauncher } from '../../launcher/place.ts';
import { machineClock, patience } from '../../supervisor/patience.ts';
import type { News, Tools, Wish } from '../../supervisor/session.ts';
import { supervise } from '../../supervisor/supervise.ts';
import { lastFailure } from '../../../updater/install/checks/hold.ts';
import { Failed, failureOf } from '../../../updater/model/failure.ts';
import { failureSchema } from '../../../updater/model/generation.ts';
import type { Job } from '../../../updater/model/job.ts';
import { startedAgain, thisProcess } from '../again.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand } from '../terminal.ts';
import { lastFailureText, newsText } from './news.ts';

export interface StartOptions {
  readonly waitHealthy: boolean;
  readonly safe: boolean;
  readonly host?: string;
}

/**
 * `moult start`: switches to what waits, tries it, and stays with the program until it ends; the exit code is the program's, or 7
 * when a trial was taken back. A program that runs already shows its window instead. With `--wait-healthy` it returns when the program says that it is ready, and the program runs on.
 */
export function start(globals: Globals, options: StartOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const wish: Wish = { isSafe: options.safe, host: hostOf(options), until: 'end' };
    const running = await findRunning(placeOf(globals).instance);
    if (running !== null) {
      await running.ask('app/show', {});
      return 0;
    }
    if (options.waitHealthy) return startAside(globals, wish, job);
    const tools = toolsFor(globals);
    const last = await lastFailure(tools.instance).catch((error: unknown) => {
      // Records that cannot be read are mended by the start, which tells about it itself.
      if (failureOf(error).code.startsWith('state/')) return null;
      throw error;
    });
    if (last !== null && !globals.quiet && !globals.json) process.stderr.write(lastFailureText(last));
    await placeLauncher(tools, job);
    return reporting(async () => (await supervise(wish, tools, job)).exitCode);
  });
}

/** What a supervisor works with in a command: this machine's clocks, and news on stderr. */
export function toolsFor(globals: Globals): Tools {
  const { layout, instance } = placeOf(globals);
  const tell = (news: News): void => {
    if (process.connected) process.send?.({ kind: news.kind });
    if (globals.json) process.stderr.write(`${JSON.stringify({ news: { ...news, generation: news.generation?.n ?? null } })}\n`);
    else if (!globals.quiet) process.stderr.write(newsText(news));
  };
  return { layout, instance, patience, clock: machineClock, tell };
}

/** A start that somebody waits for in another process says what it failed with; one of the two places where failures end. */
async function reporting(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (process.connected) process.send?.({ kind: 'failed', failure: failureOf(error) });
    throw error;
  }
}

const hosts: ReadonlySet<string> = new Set(['electron', 'browser', 'headless']);

function hostOf({ host }: StartOptions): string | null {
  if (host !== undefined && !hosts.has(host)) throw new Failed('usage/wrong', `--host is one of ${[...hosts].join(', ')}`);
  return host ?? null;
}

/** A supervisor of its own process, which outlives this one. */
async function startAside(globals: Globals, wish: Wish, job: Job): Promise<number> {
  const { layout, instance } = placeOf(globals);
  const wishes = [...(wish.isSafe ? ['--safe'] : []), ...(wish.host === null ? [] : ['--host', wish.host])];
  const { program, args } = startedAgain(thisProcess());
  const words = ['--root', layout.root, '--instance', instance.name, '--quiet', 'start', ...wishes];
  const child = spawn(program, [...args, ...words], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const stop = (): unknown => child.kill('SIGTERM');
  job.signal.addEventListener('abort', stop);
  const exitCode = await readinessOf(child);
  job.signal.removeEventListener('abort', stop);
  if (child.connected) child.disconnect();
  child.unref();
  return exitCode;
}

const messageSchema = z.object({ kind: z.string(), failure: failureSchema.nullable().optional() });

/** 0 once the program is ready, 7 when that is the one from before the trial, and the exit code of one that ended without being ready. */
function readinessOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let exitCode = 0;
    child.on('message', (value) => {
      const { kind, failure } = messageSchema.parse(value);
      if (kind === 'taken-back') exitCode = 7;
      if (kind === 'ready') resolve(exitCode);
      if (kind === 'failed' && failure) reject(new Failed(failure.code, failure.detail));
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
