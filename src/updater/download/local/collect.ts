import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Failed } from '../../model/failure.ts';
import { type Part, writeAt } from './sparse.ts';
import { TryAgain } from '../sources/source.ts';

/** What collecting tells: a part is verified and on disk, and so many bytes came (negative: so many were in vain). */
export interface CollectTools {
  readonly file: FileHandle;
  readonly verified: (part: Part) => void;
  readonly came: (bytes: number) => void;
}

/**
 * Takes a stream of the remote file apart: what belongs to the parts is written to the file at the same offset and hashed on its
 * way, what lies between them is passed over. It survives the end of a stream: the next one goes on at `position`.
 */
export class Collector {
  readonly #parts: readonly Part[];
  readonly #tools: CollectTools;
  readonly #strikes = new Set<Part>();
  #index = 0;
  #done = 0;
  #validator: string | null = null;
  #hash: Hash = createHash('sha256');

  /** `parts` are sorted by offset. */
  constructor(parts: readonly Part[], tools: CollectTools) {
    this.#parts = parts;
    this.#tools = tools;
  }

  /** The offset of the next byte that is needed; null when all parts are verified. */
  get position(): number | null {
    const part = this.#parts[this.#index];
    return part === undefined ? null : part.offset + this.#done;
  }

  /** The offset behind the last part. */
  get end(): number {
    const last = this.#parts.at(-1);
    return last === undefined ? 0 : last.offset + last.size;
  }

  /** How many parts are verified. */
  get verifiedParts(): number {
    return this.#index;
  }

  /** A stream begins; when it is of another state of the file than the last one, what came of an incomplete part is forgotten. */
  begin(validator: string | null): void {
    if (validator !== this.#validator) this.restartPart();
    this.#validator = validator;
  }

  /** Takes bytes that stand at an offset of the remote file; throws `TryAgain` when a part does not have its hash, `fetch/corrupt` when it does not for the second time. */
  async take(bytes: Uint8Array, at: number): Promise<void> {
    for (let position = this.position; position !== null && position < at + bytes.length; position = this.position) {
      const part = this.#parts[this.#index];
      if (part === undefined || position < at) return;
      const piece = bytes.subarray(position - at, Math.min(bytes.length, part.offset + part.size - at));
      this.#hash.update(piece);
      await writeAt(this.#tools.file, piece, position);
      this.#done += piece.length;
      this.#tools.came(piece.length);
      if (this.#done === part.size) this.#judge(part);
    }
  }

  /** Forgets what has come of the part that is not complete. */
  restartPart(): void {
    if (this.#done > 0) this.#tools.came(-this.#done);
    this.#reset();
  }

  #judge(part: Part): void {
    if (this.#hash.digest('hex') === part.sha256) {
      this.#index += 1;
      this.#reset();
      this.#tools.verified(part);
      return;
    }
    this.restartPart();
    const failure = new Failed('fetch/corrupt', `the ${part.size} bytes at ${part.offset} are not what was published`);
    if (this.#strikes.has(part)) throw failure;
    this.#strikes.add(part);
    throw new TryAgain(failure, 0);
  }

  #reset(): void {
    this.#done = 0;
    this.#hash = createHash('sha256');
  }
}
