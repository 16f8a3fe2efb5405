/**
 * Laying bytes out in frames of at most 4 MiB.
 *
 * A big file has frames of its own, so that it can be fetched alone; small ones share frames of up to 1 MiB with others of their
 * kind. The layout depends on the order of the calls only, not on which frame was compressed first.
 */
import { hash } from 'node:crypto';
import PQueue from 'p-queue';
import { patchLimits, type PatchFrame, type PatchStream } from '../../../../src/updater/model/patch.ts';

/** A compressed frame with what the header says about it. */
export interface PackedFrame {
  readonly bytes: Buffer;
  readonly frame: PatchFrame;
}

interface OpenFrame {
  readonly index: number;
  readonly pieces: Buffer[];
  length: number;
}

const smallBytes = 64 * 1024;
const sharedFrameBytes = 1024 ** 2;
// One frame at level 19 takes about 100 MB while it is compressed.
const parallel = 4;

/** Streams that nothing is in: how a column says that it ended before the others. */
const emptyStream: PatchStream = { frame: 0, offset: 0, length: 0 };

/** Collects the frames of one patch; `finish` is called once, at the end. */
export class Packer {
  readonly #compress: (plain: Buffer) => Promise<Buffer>;
  readonly #queue = new PQueue({ concurrency: parallel });
  readonly #frames: (Promise<PackedFrame> | null)[] = [];
  readonly #shared = new Map<string, OpenFrame>();

  constructor(compress: (plain: Buffer) => Promise<Buffer>) {
    this.#compress = compress;
  }

  /** Lays out the columns of one file; columns of the same name from small files end up beside each other. Waits while too much is being compressed. */
  async place(form: string, columns: readonly Buffer[]): Promise<PatchStream[]> {
    await this.#queue.onSizeLessThan(parallel);
    const total = columns.reduce((sum, column) => sum + column.length, 0);
    const placed = columns.map((column, i) => (total <= smallBytes ? this.#share(`${form} ${i}`, column) : this.#cut(column)));
    const rows = Math.max(...placed.map((streams) => streams.length));
    return Array.from({ length: rows }, (_, row) => placed.map((streams) => streams[row] ?? emptyStream)).flat();
  }

  /** Returns all frames in the order in which the streams count them. */
  async finish(): Promise<readonly PackedFrame[]> {
    for (const open of this.#shared.values()) this.#close(open);
    this.#shared.clear();
    const packed = await Promise.all(this.#frames.flatMap((frame) => (frame === null ? [] : [frame])));
    let offset = 0;
    return packed.map(({ bytes, frame }) => {
      const placed = { bytes, frame: { ...frame, offset } };
      offset += bytes.length;
      return placed;
    });
  }

  #cut(column: Buffer): PatchStream[] {
    const streams: PatchStream[] = [];
    for (let at = 0; at < column.length; at += patchLimits.frameBytes) {
      const plain = column.subarray(at, at + patchLimits.frameBytes);
      streams.push({ frame: this.#frames.length, offset: 0, length: plain.length });
      this.#frames.push(this.#pack(plain));
    }
    return streams;
  }

  #share(name: string, column: Buffer): PatchStream[] {
    if (column.length === 0) return [];
    const open = this.#openShared(name, column.length);
    const stream = { frame: open.index, offset: open.length, length: column.length };
    open.pieces.push(column);
    open.length += column.length;
    return [stream];
  }

  #openShared(name: string, room: number): OpenFrame {
    const known = this.#shared.get(name);
    if (known !== undefined && known.length + room <= sharedFrameBytes) return known;
    if (known !== undefined) this.#close(known);
    const opened = { index: this.#frames.length, pieces: [], length: 0 };
    this.#frames.push(null);
    this.#shared.set(name, opened);
    return opened;
  }

  #close({ index, pieces }: OpenFrame): void {
    this.#frames[index] = this.#pack(Buffer.concat(pieces));
  }

  #pack(plain: Buffer): Promise<PackedFrame> {
    const packed = this.#queue.add(async () => {
      const bytes = await this.#compress(plain);
      return { bytes, frame: { offset: 0, size: bytes.length, plainSize: plain.length, sha256: hash('sha256', bytes) } };
    });
    // `finish` tells of it; until then nobody is listening.
    packed.catch(() => undefined);
    return packed;
  }
}
