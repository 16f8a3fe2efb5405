/**
 * Work spread over a few worker threads. This file is both ends: the function that starts the threads, and what runs in them.
 *
 * A task's script is any module that exports `work`. A thread gets its next task when it has answered the last one, so no
 * more than one task and one result per thread are in memory. Failures cross as `Failure` data.
 */
import assert from 'node:assert';
import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData, type MessagePort } from 'node:worker_threads';
import { Failed, failureOf, type Failure } from '../model/failure.ts';
import type { Job } from '../model/job.ts';

/** What a script for `runOnWorkers` exports as `work`: carries out one task; `done` tells that so many more bytes are behind it. */
export type Work<Task, Result> = (task: Task, done: (bytes: number) => void) => Promise<Result> | Result;

/** What happens in the thread that asked: once per finished task with its place in the list, and whenever bytes are done. */
export interface Handlers<Result> {
  onResult(result: Result, index: number): void;
  onBytes(bytes: number): void;
}

type Reply<Result> =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'failure'; readonly failure: Failure };

const mostThreads = 4;
/** The JavaScript heap of one thread, without its buffers: what grows beyond it ends that thread, not the machine. */
const maxOldGenerationSizeMb = 256;

/** The URL of a worker script beside a module: `.ts` when the sources run directly, `.js` when they were compiled. */
export function besideModule(name: string, moduleUrl: string): URL {
  return new URL(`${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl);
}

/**
 * Runs every task in at most four threads, one per core, and resolves when all are done. The first failure or `job.signal`
 * ends all threads before this throws, so nothing is still at work afterwards; a thread that dies by itself is `build/engine`.
 * Tasks and results are copied between threads.
 */
export async function runOnWorkers<Result>(
  script: URL,
  { tasks, handlers }: { readonly tasks: readonly unknown[]; readonly handlers: Handlers<Result> },
  job: Job,
): Promise<void> {
  job.signal.throwIfAborted();
  const queue = tasks.entries();
  const threads: Worker[] = [];
  try {
    const count = Math.min(mostThreads, availableParallelism(), tasks.length);
    await Promise.all(
      Array.from({ length: count }, () => runThread(startThread(script, threads), queue, { handlers, signal: job.signal })),
    );
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function startThread(script: URL, threads: Worker[]): Worker {
  const thread = new Worker(new URL(import.meta.url), {
    workerData: { moultScript: script.href },
    resourceLimits: { maxOldGenerationSizeMb },
  });
  threads.push(thread);
  return thread;
}

/** Feeds one thread from the queue that all share until it is empty. */
async function runThread<Result>(thread: Worker, queue: Iterable<[number, unknown]>, { handlers, signal }: Watch<Result>): Promise<void> {
  for (const [index, task] of queue) {
    const result = await answer(thread, task, { handlers, signal });
    handlers.onResult(result, index);
  }
}

interface Watch<Result> {
  readonly handlers: Handlers<Result>;
  readonly signal: AbortSignal;
}

/** Settles with the thread's answer to one task, with its failure, its death, or the job's end, whichever comes first. */
async function answer<Result>(thread: Worker, task: unknown, { handlers, signal }: Watch<Result>): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const tell = (bytes: number): void => {
    try {
      handlers.onBytes(bytes);
    } catch (error) {
      // Whatever the listener throws belongs to who waits here, not to the event loop.
      reject(error);
    }
  };
  const hear = (reply: Reply<Result>): void => {
    if (reply.kind === 'result') resolve(reply.result);
    else if (reply.kind === 'failure') reject(new Failed(reply.failure.code, reply.failure.detail));
    else tell(reply.bytes);
  };
  const die = (error: unknown): void => reject(new Failed('build/engine', `a worker thread died: ${String(error)}`, { cause: error }));
  const leave = (): void => reject(new Failed('build/engine', 'a worker thread ended before its work'));
  const stop = (): void => reject(signal.reason);
  thread.on('message', hear).on('error', die).on('exit', leave);
  signal.addEventListener('abort', stop);
  try {
    thread.postMessage(task);
    return await promise;
  } finally {
    thread.off('message', hear).off('error', die).off('exit', leave);
    signal.removeEventListener('abort', stop);
  }
}

/** The thread's side: one task after the other. Whatever is thrown becomes data, since error classes do not survive the crossing. */
function serve(port: MessagePort, script: string): void {
  const loading = import(script).then(parseScript);
  // A script that cannot be loaded is told as the answer to the first task.
  loading.catch(() => undefined);
  const done = (bytes: number): void => port.postMessage({ kind: 'bytes', bytes });
  const carryOut = async (task: unknown): Promise<void> => {
    try {
      const work = await loading;
      port.postMessage({ kind: 'result', result: await work(task, done) });
    } catch (error) {
      port.postMessage({ kind: 'failure', failure: failureOf(error) });
    }
  };
  port.on('message', (task: unknown) => void carryOut(task));
}

function parseScript(script: unknown): Work<unknown, unknown> {
  assert(typeof script === 'object' && script !== null && 'work' in script && typeof script.work === 'function', 'a script exports work');
  return script.work as Work<unknown, unknown>;
}

const script = scriptOf(workerData);
if (parentPort !== null && script !== null) serve(parentPort, script);

/** The script that this thread was started for; null in any thread that is not one of this pool's. */
function scriptOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('moultScript' in data)) return null;
  return typeof data.moultScript === 'string' ? data.moultScript : null;
}
