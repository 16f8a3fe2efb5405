/** Single files out of a full package, without the rest of the tree. */
import { open } from 'node:fs/promises';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import type { TreeFile } from '../../model/tree.ts';
import { requireIntact } from '../body.ts';
import { distinctResults } from '../consistent.ts';
import { placedFrames, placedStream, type PatchFile } from '../container.ts';
import { work, type Rebuild } from './work.ts';

/** Which contents to take out of the package in the local file `body`, into the empty folder `to`: each under its SHA-256 as its name. */
export interface Extraction {
  readonly patch: PatchFile;
  readonly body: string;
  readonly contents: readonly Pick<TreeFile, 'sha256' | 'size'>[];
  readonly to: string;
}

/** Writes each content, hashed and synced. Throws `build/invalid` when the package does not hold one by itself, `build/hash` when it comes out otherwise. */
export async function extractContents({ patch, body, contents, to }: Extraction, job: Job): Promise<void> {
  const recipes = new Map(distinctResults(patch.header.entries).map((entry) => [entry.sha256To, entry]));
  const wanted = contents.map(({ sha256, size }) => {
    const entry = recipes.get(sha256);
    if (entry === undefined || entry.op !== 'add' || entry.size !== size) {
      throw new Failed('build/invalid', `the full package does not hold the content ${sha256}`);
    }
    return entry;
  });
  await using file = await open(body);
  await requireIntact(file, placedFrames(patch, wanted), job);
  const files = wanted.map((entry): Rebuild => {
    const recipe = { size: entry.size, form: entry.form, streams: entry.streams.map((stream) => placedStream(stream, patch)) };
    const made = { path: entry.sha256To, size: entry.size, sha256: entry.sha256To, mode: 'file', part: entry.part } as const;
    return { kind: 'rebuild', from: null, recipe, file: made };
  });
  const totalBytes = wanted.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  await work({ to, body, files }, (bytes) => {
    job.signal.throwIfAborted();
    doneBytes += bytes;
    job.report({ step: 'build', doneBytes, totalBytes });
  });
}
