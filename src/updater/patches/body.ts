/**
 * The frames of a patch file on disk, decompressed one at a time while somebody reads them.
 *
 * A frame is held while a column reads it, and the last few are kept for the next reader, so memory stays bounded whatever the
 * file sizes. Frames were hashed before (`requireIntact`); should the file change afterwards, the hash of the result shows it.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { PatchFrame } from '../model/patch.ts';
import { decompressFrame, release } from './frame.ts';

/** A frame with its place in the patch file rather than in the body. */
export type PlacedFrame = PatchFrame;

// Small files come one after the other out of one frame, or out of one of control and one of bytes.
const idleFrames = 2;
const readBytes = 1024 ** 2;

/** Throws `build/invalid` unless every frame stands in the file exactly as the header promises: before anything is made from any of them. */
export async function requireIntact(file: FileHandle, frames: readonly PlacedFrame[], job: Job): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  for (const frame of frames) {
    job.signal.throwIfAborted();
    const hash = createHash('sha256');
    for (let done = 0; done < frame.size;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(readBytes, frame.size - done), frame.offset + done);
      if (bytesRead === 0) throw new Failed('build/invalid', 'the patch ends within a frame');
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
    if (hash.digest('hex') !== frame.sha256) throw new Failed('build/invalid', 'a frame of the patch was altered');
  }
}

interface OpenFrame {
  readonly plain: Buffer;
  readers: number;
}

/** The body of an open patch file; synchronous, since its readers do nothing else meanwhile. */
export class Body implements Disposable {
  readonly #descriptor: number;
  readonly #open = new Map<number, OpenFrame>();
  #scratch = Buffer.alloc(0);

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Returns the plain bytes of a frame, valid until `close` was called as often as `open`; throws `build/invalid`. */
  open(frame: PlacedFrame): Buffer {
    const known = this.#open.get(frame.offset);
    const opened = known ?? { plain: this.#decompress(frame), readers: 0 };
    opened.readers += 1;
    // Last in the map is last to be forgotten.
    this.#open.delete(frame.offset);
    this.#open.set(frame.offset, opened);
    return opened.plain;
  }

  close(frame: PlacedFrame): void {
    const opened = this.#open.get(frame.offset);
    if (opened === undefined) return;
    opened.readers -= 1;
    this.#forget(idleFrames);
  }

  [Symbol.dispose](): void {
    for (const opened of this.#open.values()) opened.readers = 0;
    this.#forget(0);
  }

  #forget(keep: number): void {
    const idle = [...this.#open].filter(([, opened]) => opened.readers === 0);
    for (const [offset, opened] of idle.slice(0, Math.max(0, idle.length - keep))) {
      this.#open.delete(offset);
      release(opened.plain);
    }
  }

  #decompress(frame: PlacedFrame): Buffer {
    if (this.#scratch.length < frame.size) this.#scratch = Buffer.allocUnsafeSlow(frame.size);
    const packed = this.#scratch.subarray(0, frame.size);
    readExactly(this.#descriptor, packed, frame.offset);
    return decompressFrame(packed, frame.plainSize);
  }
}

/** Fills `target` from a place in a file; throws `build/invalid` when the file ends before. */
export function readExactly(descriptor: number, target: Buffer, position: number): void {
  for (let done = 0; done < target.length;) {
    const bytesRead = readSync(descriptor, target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Failed('build/invalid', 'a file ends before its time');
    done += bytesRead;
  }
}
