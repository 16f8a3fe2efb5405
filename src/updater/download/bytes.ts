import type { Job } from '../model/job.ts';
import { Failed } from '../model/failure.ts';
import { insist } from './attempts.ts';
import { anySource, type Remote } from './remote.ts';
import { type Answer, type Source, TryAgain } from './sources/source.ts';

/**
 * Fetches a whole small file into memory: its bytes, or null when it is not there.
 *
 * What came before a cut is kept where a strong ETag says that the rest belongs to it. Throws `fetch/…`: `too-large` above
 * `maxBytes`, which is found with at most 64 KiB more read than that.
 */
export async function fetchBytes(remote: Remote, wanted: WantedBytes, job: Job): Promise<Buffer | null> {
  return anySource(remote, wanted.name, async (source) => {
    const received: Received = { chunks: [], bytes: 0, validator: null };
    return insist(remote.patience, () => fetchRest(source, { ...wanted, received }, job.signal), job.signal);
  });
}

/** A file by its plain relative name, and the most that it may hold. */
export interface WantedBytes {
  readonly name: string;
  readonly maxBytes: number;
}

/** What has come so far, and the ETag of the file that it belongs to. */
interface Received {
  chunks: Uint8Array[];
  bytes: number;
  validator: string | null;
}

interface Asked extends WantedBytes {
  readonly received: Received;
}

async function fetchRest(source: Source, { name, maxBytes, received }: Asked, signal: AbortSignal): Promise<Buffer | null> {
  const { validator } = received;
  const range = validator === null || received.bytes === 0 ? null : { from: received.bytes, to: null };
  const answer = await source.ask(name, { range, validator, maxBytes }, signal);
  if (answer.kind === 'absent') return null;
  if (answer.kind === 'beyond') {
    forget(received);
    throw new TryAgain(new Failed('fetch/refused', 'HTTP 416'), 0);
  }
  await keep(answer, received);
  return Buffer.concat(received.chunks);
}

/** Reads a body to its end; what came stays in `received` when it is cut. */
async function keep(answer: Extract<Answer, { kind: 'range' | 'whole' }>, received: Received): Promise<void> {
  using body = answer.body;
  if (answer.kind === 'whole') forget(received);
  else if (answer.validator !== received.validator) {
    forget(received);
    throw new TryAgain(new Failed('fetch/corrupt', 'the file changed while it was fetched'), 0);
  }
  received.validator = answer.validator;
  for await (const chunk of body) {
    received.chunks.push(chunk);
    received.bytes += chunk.length;
  }
}

function forget(received: Received): void {
  received.chunks = [];
  received.bytes = 0;
  received.validator = null;
}
