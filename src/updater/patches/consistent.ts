/**
 * A patch header whose numbers add up: checked once, before anything is fetched or written.
 *
 * Frames lie back to back and fill the body; streams lie inside their frames; every plain byte belongs to exactly one stream of one
 * result. So the work that a header can ask for is bounded by the sizes of the files that it promises.
 */
import { Failed } from '../model/failure.ts';
import type { BuiltEntry, PatchEntry, PatchForm, PatchHeader, PatchStream } from '../model/patch.ts';

/** How many columns the streams of a form are dealt out to, in turn. */
export const columnsOf: Readonly<Record<PatchForm, number>> = { whole: 1, text: 2, sparse: 6, predicted: 9 };

// A token is at most 10 bytes and stands for at least one byte of output; a header that asks for more is not ours.
const largestExpansion = 16;

/** Throws `build/invalid` unless frames and streams tile the body and each entry's streams fit its form and size. */
export function requireConsistent(header: PatchHeader): void {
  requireTiledBody(header);
  const entries = distinctResults(header.entries);
  for (const entry of entries) requireFittingStreams(entry);
  requireTiledFrames(header, entries);
}

/** The entries whose bytes stand in the patch, one for each result; throws `build/invalid` when two entries disagree about one result. */
export function distinctResults(entries: readonly PatchEntry[]): readonly BuiltEntry[] {
  const byResult = new Map<string, BuiltEntry>();
  for (const entry of entries) {
    if (entry.op !== 'add' && entry.op !== 'patch') continue;
    const other = byResult.get(entry.sha256To);
    if (other === undefined) byResult.set(entry.sha256To, entry);
    else if (recipeText(other) !== recipeText(entry)) throw invalid(`${entry.path} and ${other.path} are one file with two recipes`);
  }
  return [...byResult.values()];
}

function recipeText(entry: BuiltEntry): string {
  return JSON.stringify([entry.op, entry.size, entry.form, entry.op === 'patch' ? entry.sha256From : '', entry.streams]);
}

function requireTiledBody({ frames, bodySize }: PatchHeader): void {
  let end = 0;
  for (const frame of frames) {
    if (frame.offset !== end) throw invalid('the frames overlap or leave gaps');
    end += frame.size;
  }
  if (end !== bodySize) throw invalid('the frames do not fill the body');
}

function requireFittingStreams(entry: BuiltEntry): void {
  const columns = columnsOf[entry.form];
  if (entry.streams.length % columns !== 0) throw invalid(`${entry.path}: ${entry.streams.length} streams for ${columns} columns`);
  const total = entry.streams.reduce((sum, stream) => sum + stream.length, 0);
  const fits = entry.form === 'whole' ? total === entry.size : total <= largestExpansion * entry.size;
  if (!fits) throw invalid(`${entry.path}: the sizes of its streams do not add up`);
}

function requireTiledFrames({ frames }: PatchHeader, entries: readonly BuiltEntry[]): void {
  const streams = entries.flatMap((entry) => entry.streams.filter((stream) => stream.length > 0));
  streams.sort((a, b) => a.frame - b.frame || a.offset - b.offset);
  let at: Pick<PatchStream, 'frame' | 'offset'> = { frame: 0, offset: 0 };
  for (const { frame, offset, length } of streams) {
    if (frame !== at.frame || offset !== at.offset) throw invalid('the streams overlap or leave gaps');
    const plainSize = frames[frame]?.plainSize ?? 0;
    if (offset + length > plainSize) throw invalid('a stream reaches beyond its frame');
    at = offset + length === plainSize ? { frame: frame + 1, offset: 0 } : { frame, offset: offset + length };
  }
  if (at.frame !== frames.length || at.offset !== 0) throw invalid('the streams do not fill the frames');
}

function invalid(detail: string): Failed {
  return new Failed('build/invalid', `patch header: ${detail}`);
}
