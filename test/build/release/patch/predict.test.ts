import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePatchBetween } from '../../../../build/release/patch/between.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { applyPatchFile, openPatch } from '../../../../src/updater/patches/standalone.ts';
import { Random } from '../../../updater/patches/random.ts';
import { compilePrograms, linkPrograms, type Linkage } from './programs.ts';

const job = quietJob();
const versions = { old: '1.0.0', new: '1.1.0' };
const programs: readonly Linkage[] = [
  'a program at a fixed address',
  'a stripped program at a fixed address',
  'a program that can be moved',
  'a stripped program that can be moved',
  'a library',
  'a stripped library',
];

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moult-programs-'));
  await compilePrograms(folder);
}, 60_000);

afterAll(() => rm(folder, { recursive: true }));

/** Makes a patch between two files, applies it, and tells its form and size; throws unless exactly the new file came out. */
async function patched(old: string, next: string): Promise<{ form: string; size: number }> {
  const scratch = await mkdtemp(join(folder, 'patch-'));
  const [patch, out] = [join(scratch, 'patch'), join(scratch, 'out')];
  const { size } = await makePatchBetween(
    { old, new: next, out: patch, versions, sign: null, keyId: '', cache: join(scratch, 'cache') },
    job,
  );
  await applyPatchFile({ old, patch, out }, job);
  expect((await readFile(out)).equals(await readFile(next))).toBe(true);
  const [entry] = (await openPatch(patch)).header.entries;
  return { form: entry !== undefined && 'form' in entry ? entry.form : 'none', size };
}

/** A copy of a program with another header. */
function withHeader(program: Buffer, change: (header: Buffer) => unknown): Buffer {
  const copy = Buffer.from(program);
  change(copy.subarray(0, 64));
  return copy;
}

/** The same program, not known as one: of these nothing is predicted. */
async function unknown(path: string): Promise<string> {
  await writeFile(
    `${path}.unknown`,
    withHeader(await readFile(path), (header) => header.writeUInt8(0, 0)),
  );
  return `${path}.unknown`;
}

describe('the form predicted', () => {
  test.each(programs)('makes the patch of %s', async (linkage) => {
    const { before, after } = await linkPrograms(folder, linkage);
    expect(await patched(before, after)).toMatchObject({ form: 'predicted' });
  });

  test('makes a smaller patch than any other form does', async () => {
    const { before, after } = await linkPrograms(folder, 'a program at a fixed address');
    const [predicted, other] = [await patched(before, after), await patched(await unknown(before), await unknown(after))];
    expect([predicted.form, other.form]).toEqual(['predicted', 'sparse']);
    expect(predicted.size).toBeLessThan(0.9 * other.size);
  });

  test('or another one makes the right file of any two files', async () => {
    const { before, after } = await linkPrograms(folder, 'a program that can be moved');
    const { before: fixed } = await linkPrograms(folder, 'a stripped program at a fixed address');
    const program = await readFile(before);
    const files = {
      empty: Buffer.alloc(0),
      one: program.subarray(0, 1),
      grown: Buffer.concat(Array.from({ length: 15 }, () => program)),
      random: new Random(4).bytes(program.length),
      'without its end': program.subarray(0, program.length - 500),
      'without its middle': Buffer.concat([program.subarray(0, 9000), program.subarray(16_000)]),
      'with a header that lies': withHeader(program, (header) => header.fill(0xff, 40, 48)),
      'with sections that lie': withHeader(program, (header) => header.writeUInt16LE(9, 62)),
    };
    const paths = await Promise.all(
      Object.entries(files).map(async ([name, bytes]) => {
        await writeFile(join(folder, name), bytes);
        return join(folder, name);
      }),
    );
    for (const other of [...paths, fixed]) await patched(before, other);
    for (const other of paths.slice(4)) await patched(other, after);
  });
});
