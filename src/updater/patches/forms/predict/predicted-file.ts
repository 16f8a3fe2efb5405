import type { OldBytes } from '../old-file.ts';
import { newChunk, newChunks, type Chunk } from './chunk.ts';
import { predictCode } from './code.ts';
import { kinds, type Guide, type Kind, type Region } from './guide.ts';
import { predictAnchored, predictDistances, predictFrames, predictPointers, predictScattered, predictSymbols } from './tables.ts';

// 8 MiB. Most ranges follow each other; those that do not come back to the same few places.
const mostChunks = 512;
const chunksAtOnce = 64;

/**
 * An old file with its addresses already moved to where the new one has them, as far as they can be found: predicted chunk by chunk as it is
 * read. A wrong guess costs the patch some bytes; what it makes of them is right or wrong by its hash alone.
 */
export class PredictedFile implements OldBytes {
  readonly size: number;
  readonly #old: OldBytes;
  readonly #guide: Guide;
  readonly #chunks = new Map<Region, Chunk>();
  readonly #rest: Region;
  #spare: Chunk[] = [];
  #last = 0;

  constructor(old: OldBytes, guide: Guide) {
    this.size = old.size;
    this.#old = old;
    this.#guide = guide;
    this.#rest = { kind: kinds.asItIs, start: guide.regions.at(-1)?.end ?? 0, end: old.size, place: 0, anchor: 0 };
  }

  /** Fills `target` from `position`; throws `build/invalid` when the file ends before. */
  read(target: Buffer, position: number): void {
    for (let done = 0; done < target.length;) {
      const at = position + done;
      const region = this.#regionAt(at);
      const end = Math.min(target.length, done + region.end - at);
      if (region.kind === kinds.asItIs) this.#old.read(target.subarray(done, end), at);
      else this.#chunkOf(region).bytes.copy(target, done, at - region.start, at - region.start + end - done);
      done = end;
    }
  }

  /** Mostly the same as the last time, or the next. */
  #regionAt(at: number): Region {
    const { regions } = this.#guide;
    let low = 0;
    let high = regions.length;
    for (let next = this.#last; low < high; next = (low + high) >>> 1) {
      const region = regions[next];
      if (region !== undefined && at >= region.end) low = next + 1;
      else if (region !== undefined && at < region.start) high = next;
      else {
        this.#last = next;
        return region ?? this.#rest;
      }
    }
    return this.#rest;
  }

  #chunkOf(region: Region): Chunk {
    const chunk = this.#chunks.get(region) ?? this.#predict(region);
    // Last in the map is last to be forgotten.
    this.#chunks.delete(region);
    this.#chunks.set(region, chunk);
    return chunk;
  }

  #predict(region: Region): Chunk {
    if (this.#spare.length === 0 && this.#chunks.size < mostChunks) this.#spare = newChunks(chunksAtOnce);
    const chunk = this.#spare.pop() ?? this.#forgetOldest();
    predictRegion(chunk, region, { old: this.#old, guide: this.#guide });
    return chunk;
  }

  #forgetOldest(): Chunk {
    for (const [region, chunk] of this.#chunks) {
      this.#chunks.delete(region);
      return chunk;
    }
    return newChunk();
  }
}

/** Fills a chunk with the bytes of a region, and predicts them. */
export function predictRegion(chunk: Chunk, region: Region, { old, guide }: { readonly old: OldBytes; readonly guide: Guide }): void {
  chunk.length = region.end - region.start;
  chunk.place = region.place;
  chunk.anchor = region.anchor;
  old.read(chunk.bytes.subarray(0, chunk.length), region.start);
  chunk.bytes.fill(0, chunk.length);
  predict(chunk, region.kind, guide);
}

function predict(chunk: Chunk, kind: Kind, guide: Guide): void {
  switch (kind) {
    case kinds.asItIs:
      return;
    case kinds.fixedCode:
    case kinds.movableCode:
      return predictCode(chunk, guide, kind === kinds.fixedCode);
    case kinds.pointers:
      return predictPointers(chunk, guide);
    case kinds.scattered:
      return predictScattered(chunk, guide);
    case kinds.distances:
      return predictDistances(chunk, guide);
    case kinds.anchored:
      return predictAnchored(chunk, guide);
    case kinds.frames:
      return predictFrames(chunk, guide);
    case kinds.symbols:
      return predictSymbols(chunk, guide);
  }
}
