import { createHash } from 'node:crypto';
import { failureOf } from '../../../src/updater/model/failure.ts';
import type { Limits } from '../../../src/updater/download/limits.ts';
import type { Part } from '../../../src/updater/download/parts.ts';
import { openRemote, type Remote, type RemoteOptions } from '../../../src/updater/download/remote.ts';

/** Small numbers, so that what takes seconds in the field takes tenths here. */
export const quickLimits: Limits = {
  connectMs: 400,
  answerMs: 200,
  minimumBytes: 1024,
  minimumWindowMs: 150,
  attempts: 3,
  pauseMs: 100,
  pauseAtMostMs: 1000,
  retryAfterAtMostMs: 60_000,
  streams: 4,
  rangeBytes: 64 * 1024,
};

/** A remote with quick limits and no environment, whose pauses are written down instead of waited for. */
export function quickRemote(
  urls: readonly string[],
  options: Partial<RemoteOptions> = {},
): Remote & AsyncDisposable & { readonly pauses: number[] } {
  const pauses: number[] = [];
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    pauses.push(ms);
    await Promise.resolve();
  };
  const usual = { userAgent: 'moult-test', environment: {}, limits: quickLimits, wait, random: () => 0.5 };
  return Object.assign(openRemote({ ...usual, ...options, urls }), { pauses });
}

/** Bytes that look random and are the same every time. */
export function someBytes(size: number, seed = 1): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

/** Cuts a file into parts of a size; the last one may be shorter. */
export function partsOf(bytes: Uint8Array, size: number): readonly Part[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => partAt(bytes, i * size, Math.min(size, bytes.length - i * size)));
}

export function partAt(bytes: Uint8Array, offset: number, size: number): Part {
  const sha256 = createHash('sha256')
    .update(bytes.subarray(offset, offset + size))
    .digest('hex');
  return { offset, size, sha256 };
}

/** What became of it: its value, or the code of its failure. */
export async function outcomeOf<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    // The failure is what is being tested.
    return failureOf(error).code;
  }
}
