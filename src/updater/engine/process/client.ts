/** The other end of the engine's process: starts it, asks, listens, and starts it again without patches when it dies. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import { parseMessage, parseResult, type Message, type Request, type RequestOf, type Results } from './requests.ts';

/** A running engine: what it says goes to the listener it was started with. `ended` says how, and rejects when it could not be started. */
export interface Engine {
  readonly ended: Promise<string>;
  tell(message: Request | 'cancel'): void;
}

/** Starts an engine's process. */
export type StartEngine = (hear: (message: unknown) => void) => Engine;

/** Asks a fresh engine process and returns its answer; throws what it failed with, `build/engine` when it died of the request twice. */
export type AskEngine = <Kind extends Request['kind']>(request: RequestOf<Kind>, job: Job) => Promise<Results[Kind]>;

/** Returns the way to ask engines that are started like this. */
export function engineStartedBy(start: StartEngine): AskEngine {
  return async (request, job) => {
    const first = await runOnce(request, { start, job });
    if (first.kind === 'done') return parseResult(request, first.result);
    // A process that died may have died of a hostile patch: the second one takes the way that needs none.
    const again = request.kind === 'update' ? { ...request, withoutPatches: true } : request;
    const second = await runOnce(again, { start, job });
    if (second.kind === 'done') return parseResult(request, second.result);
    throw new Failed('build/engine', `the engine's process ended twice without an answer (${second.how})`);
  };
}

/** Asks an engine in a child process of plain Node. */
export const askEngine = engineStartedBy((hear) => {
  const script = new URL(`./main${extname(import.meta.url)}`, import.meta.url);
  const child = fork(fileURLToPath(script), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', execArgv: [] });
  child.on('message', hear);
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
  // A process that is gone cannot be told anything; that it is gone shows in its exit.
  return { ended, tell: (message) => void (child.connected && child.send(message, () => undefined)) };
});

type Outcome = { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'died'; readonly how: string };

/** Settles when the process has ended, so that whoever asked finds its locks free. */
async function runOnce(request: Request, { start, job }: { readonly start: StartEngine; readonly job: Job }): Promise<Outcome> {
  job.signal.throwIfAborted();
  const answers: Exclude<Message, { kind: 'progress' }>[] = [];
  const engine = start((value) => {
    const message = parseMessage(value);
    if (message.kind === 'progress') job.report(message.progress);
    else answers.push(message);
  });
  const cancel = (): void => engine.tell('cancel');
  job.signal.addEventListener('abort', cancel);
  try {
    engine.tell(request);
    const how = await engine.ended;
    const [answer] = answers;
    if (answer?.kind === 'failed') throw new Failed(answer.failure.code, answer.failure.detail, answer);
    return answer ?? { kind: 'died', how };
  } finally {
    job.signal.removeEventListener('abort', cancel);
  }
}
