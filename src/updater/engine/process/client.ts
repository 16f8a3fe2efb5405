/** The other end of the engine's process: starts it, asks, listens, and starts it again without patches when it dies. */
import { fork, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import { parseMessage, parseResult, type Request, type RequestOf, type Results } from './requests.ts';

/** Asks a fresh engine process and returns its answer; throws what it failed with, `build/engine` when it died of the request twice. */
export async function askEngine<Kind extends Request['kind']>(request: RequestOf<Kind>, job: Job): Promise<Results[Kind]> {
  const first = await runOnce(request, job);
  if (first.kind === 'done') return parseResult(request, first.result);
  // A process that died may have died of a hostile patch: the second one takes the way that needs none.
  const second = await runOnce(request.kind === 'update' ? { ...request, withoutPatches: true } : request, job);
  if (second.kind === 'done') return parseResult(request, second.result);
  throw new Failed('build/engine', `the engine's process ended twice without an answer (${second.how})`);
}

type Outcome = { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'died'; readonly how: string };

async function runOnce(request: Request, job: Job): Promise<Outcome> {
  job.signal.throwIfAborted();
  const script = new URL(`./main${extname(import.meta.url)}`, import.meta.url);
  const child = fork(fileURLToPath(script), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', execArgv: [] });
  // A process that is gone cannot be told anything; that it is gone shows in its exit.
  const tell = (message: Request | 'cancel'): unknown => child.connected && child.send(message, () => undefined);
  const cancel = (): unknown => tell('cancel');
  job.signal.addEventListener('abort', cancel);
  try {
    tell(request);
    return await outcomeOf(child, job);
  } finally {
    job.signal.removeEventListener('abort', cancel);
  }
}

/** Settles when the process has ended, so that whoever asked finds its locks free. */
function outcomeOf(child: ChildProcess, job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let settle: (() => void) | null = null;
    child.on('message', (value) => {
      const message = parseMessage(value);
      if (message.kind === 'progress') return job.report(message.progress);
      settle = message.kind === 'done' ? () => resolve(message) : () => reject(new Failed(message.failure.code, message.failure.detail));
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => (settle === null ? resolve({ kind: 'died', how: signal ?? `exit ${code}` }) : settle()));
  });
}
