import assert from 'node:assert/strict';
import type { Job } from '../model/job.ts';
import { Course } from './course.ts';
import { missingParts, openSparse, type Part, reserve } from './local/sparse.ts';
import { anySource, type Remote } from './remote.ts';

export type { Part } from './local/sparse.ts';

/** A file by its plain relative name; a local sparse file (its folder exists), the remote file's size, and the parts of it that are wanted, at the same offsets. */
export interface WantedParts {
  readonly name: string;
  readonly file: string;
  readonly size: number;
  readonly parts: readonly Part[];
}

/**
 * Fetches the parts that the local file does not hold yet; parts that it holds are recognised by their hash, so this also resumes
 * what an earlier process began. Reports step `download` in bytes, those already there included.
 *
 * Throws `fetch/…` (`corrupt` when a part is wrong twice from every place), `disk/space`, or the signal's reason; what was
 * verified until then stays in the file.
 */
export async function fetchParts(remote: Remote, wanted: WantedParts, job: Job): Promise<void> {
  for (const { offset, size } of wanted.parts) assert(offset >= 0 && size > 0 && offset + size <= wanted.size);
  await using file = await openSparse(wanted.file);
  const came = counter(wanted, job);
  const missing = new Set(await missingParts(file, wanted.parts, { signal: job.signal, present: came }));
  if (missing.size === 0) return;
  const missingBytes = [...missing].reduce((sum, part) => sum + part.size, 0);
  await reserve(file, wanted.file, { size: wanted.size, missingBytes });
  const tools = { file, came, verified: (part: Part) => void missing.delete(part) };
  await anySource(remote, wanted.name, async (source) => {
    await new Course(remote.patience, { source, name: wanted.name, size: wanted.size, missing }, tools).run(job.signal);
    return true;
  });
}

/** Adds up bytes and reports them; a part that has to be fetched again does not move the report back. */
function counter({ parts }: WantedParts, job: Job): (bytes: number) => void {
  const totalBytes = parts.reduce((sum, part) => sum + part.size, 0);
  let bytes = 0;
  let doneBytes = -1;
  return (more) => {
    bytes += more;
    if (bytes <= doneBytes) return;
    doneBytes = bytes;
    job.report({ step: 'download', doneBytes, totalBytes });
  };
}
