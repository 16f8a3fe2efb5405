/**
 * Comparing in a process of its own: it takes minutes and gigabytes for the largest files, and bsdiff was never meant for hostile input.
 *
 * One message in, `{ differ, before, after, out }` (paths; `out` is bsdiff's); one message out, `{ control }` or `{ error }`.
 */
import { readFile, rm } from 'node:fs/promises';
import bsdiff from 'bsdiff-node';
import seekBzip from 'seek-bzip';
import { alignFiles } from './align.ts';
import { packControl, parseControl, type Differ } from './control.ts';

interface Request {
  readonly differ: Differ;
  readonly before: string;
  readonly after: string;
  readonly out: string;
}

const headerBytes = 32;

process.on('message', (message: Request) => {
  void answer(message);
});

async function answer(request: Request): Promise<void> {
  try {
    process.send?.({ control: await control(request) });
  } catch (error) {
    // The other side decides what a pair that cannot be compared means.
    process.send?.({ error: String(error) });
  }
}

async function control(request: Request): Promise<Buffer> {
  switch (request.differ) {
    case 'moult':
      return packControl(alignFiles(await readFile(request.before), await readFile(request.after)));
    case 'bsdiff':
      return bsdiffControl(request);
  }
}

async function bsdiffControl({ before, after, out }: Request): Promise<Buffer> {
  try {
    await bsdiff.diff(before, after, out, () => undefined);
    const patch = await readFile(out);
    const controlBytes = Number(patch.readBigInt64LE(8));
    return packControl(parseControl(seekBzip.decode(patch.subarray(headerBytes, headerBytes + controlBytes))));
  } finally {
    await rm(out, { force: true });
  }
}
