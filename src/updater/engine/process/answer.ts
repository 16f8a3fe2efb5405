/** The engine's side of one exchange: one request in, progress and one answer out, over whatever connects its process with who asks. */
import { Failed, failureOf } from '../../model/failure.ts';
import { throttled, type Job } from '../../model/job.ts';
import { parseRequest, type Message } from './requests.ts';
import { serve } from './serve.ts';

/** Where the engine's process hears and speaks. */
export interface Channel {
  /** Hands over every message that comes. */
  hear(listener: (value: unknown) => void): void;
  send(message: Message): void;
}

/** Answers the first message and resolves; every further one stops the work. */
export function answerOver(channel: Channel): Promise<void> {
  const stopping = new AbortController();
  const { promise: asked, resolve } = Promise.withResolvers<unknown>();
  let isAsked = false;
  channel.hear((value) => {
    if (isAsked) stopping.abort();
    isAsked = true;
    resolve(value);
  });
  return asked.then((request) => answer(request, channel, stopping.signal));
}

async function answer(request: unknown, { send }: Channel, signal: AbortSignal): Promise<void> {
  const report: Job['report'] = (progress) => send({ kind: 'progress', progress });
  const job = throttled({ signal, report }, 100, () => performance.now());
  try {
    send({ kind: 'done', result: await serve(parseRequest(request), job) });
  } catch (error) {
    // One of the two places where failures end: here they become data for whoever asked.
    const retryAfterMs = error instanceof Failed ? error.retryAfterMs : null;
    send({ kind: 'failed', failure: failureOf(error), retryAfterMs });
  }
}
