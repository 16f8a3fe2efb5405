/**
 * The forms `sparse` and `text`: a file put together from ranges of an old one.
 *
 * Control is a list of triples, as in bsdiff: take `add` bytes of the old file, then `extra` bytes of the patch, then move the place
 * in the old file by `seek`. In `sparse` the taken bytes change at places: counted over all taken bytes, a gap leads from the end
 * of one change to the beginning of the next, and a change adds a difference to the little-endian word there: of four bytes, or of
 * as many as its triple still takes. After the last change no gap follows. Every column must be used up exactly.
 */
import { Failed } from '../../model/failure.ts';
import type { Column } from './column.ts';
import { Changes, wordBytes } from './changes.ts';
import type { OldBytes } from './old-file.ts';

/** The columns of a spliced file; `text` hands in one column for all three parts of control, and no changes. */
export interface SpliceColumns {
  readonly add: Column;
  readonly extra: Column;
  readonly seek: Column;
  readonly changes: { readonly gaps: Column; readonly words: Column } | null;
  readonly bytes: Column;
}

interface Triple {
  readonly from: number;
  readonly add: number;
  readonly extra: number;
}

const pieceBytes = 1024 ** 2;

/** Returns the triples up to `size` bytes of result; throws `build/invalid` when one leaves the old file or the result. */
export function* readControl(columns: SpliceColumns, sizes: { readonly old: number; readonly result: number }): Generator<Triple> {
  let from = 0;
  let left = sizes.result;
  while (left > 0) {
    const add = columns.add.signed();
    const extra = columns.extra.signed();
    const seek = columns.seek.signed();
    if (add < 0 || extra < 0 || add + extra > left) throw new Failed('build/invalid', 'control leaves the result');
    const next = from + add + seek;
    if (from + add > sizes.old || next < 0 || next > sizes.old) throw new Failed('build/invalid', 'control leaves the old file');
    yield { from, add, extra };
    from = next;
    left -= add + extra;
  }
  if (![columns.add, columns.extra, columns.seek].every((column) => column.isAtEnd()))
    throw new Failed('build/invalid', 'control goes on after the end of the result');
}

/** Yields `size` bytes of result in pieces of 1 MiB and a last one, each valid until the next is asked for; throws `build/invalid`. */
export function* splice(columns: SpliceColumns, old: OldBytes, size: number): Generator<Buffer> {
  const block = Buffer.allocUnsafeSlow(Math.min(pieceBytes, size) + wordBytes);
  const changes = columns.changes === null ? null : new Changes(columns.changes.gaps, columns.changes.words, block);
  let filled = 0;
  for (const { from, add, extra } of readControl(columns, { old: old.size, result: size })) {
    for (let done = 0; done < add;) {
      const room = Math.min(add - done, block.length - filled);
      old.read(block.subarray(filled, filled + room), from + done);
      const ready = changes === null ? room : changes.apply(filled, room, add - done);
      done += ready;
      filled += ready;
      if (filled >= pieceBytes) filled = yield* firstPiece(block, filled);
    }
    for (let done = 0; done < extra;) {
      const bytes = columns.bytes.bytes(Math.min(extra - done, block.length - filled));
      bytes.copy(block, filled);
      done += bytes.length;
      filled += bytes.length;
      if (filled >= pieceBytes) filled = yield* firstPiece(block, filled);
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
  if (!columns.bytes.isAtEnd() || changes?.isAtEnd() === false) throw new Failed('build/invalid', 'a column of the patch is not used up');
}

/** The block holds one word more than a piece, so that a word which lies across the end is complete and every write is aligned. */
function* firstPiece(block: Buffer, filled: number): Generator<Buffer, number> {
  yield block.subarray(0, pieceBytes);
  block.copyWithin(0, pieceBytes, filled);
  return filled - pieceBytes;
}
