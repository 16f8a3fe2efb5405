/** The engine's own process: one request in, progress and one answer out. It ends when its parent is gone. */
import { failureOf } from '../../model/failure.ts';
import { throttled, type Job } from '../../model/job.ts';
import { parseRequest, type Message } from './requests.ts';
import { serve } from './serve.ts';

const stopping = new AbortController();

process.once('message', (request: unknown) => {
  process.on('message', () => stopping.abort());
  void answer(request);
});
// The parent may have been killed: what is on disk is understood by the next start, so going on would only be in its way.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group; the parent turns it into an orderly stop.
process.on('SIGINT', () => undefined);

async function answer(request: unknown): Promise<void> {
  const report: Job['report'] = (progress) => send({ kind: 'progress', progress });
  const job = throttled({ signal: stopping.signal, report }, 100, () => performance.now());
  try {
    send({ kind: 'done', result: await serve(parseRequest(request), job) });
  } catch (error) {
    // One of the two places where failures end: here they become data for the parent.
    send({ kind: 'failed', failure: failureOf(error) });
  }
  process.disconnect();
}

function send(message: Message): void {
  process.send?.(message);
}
