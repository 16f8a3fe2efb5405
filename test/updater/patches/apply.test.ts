import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { quietJob, type Progress } from '../../../src/updater/model/job.ts';
import { comparePaths, emptyTree, type Tree } from '../../../src/updater/model/tree.ts';
import { buildTree } from '../../../src/updater/patches/apply.ts';
import { framesNeeded } from '../../../src/updater/patches/container.ts';
import { tempFolder } from '../../ground/folder.ts';
import { edited, Random } from './random.ts';
import { quickFolder, quickPatch, writeTree, type Contents, type Version } from './trees.ts';

const job = quietJob();

/** An old and a new tree with everything that can happen to a file, often more than once. */
function randomPair(seed: number): { old: Contents; next: Contents } {
  const random = new Random(seed);
  const old: Record<string, Buffer | string> = {
    'empty then full': Buffer.alloc(0),
    'full then empty': random.bytes(3000),
    'a link': 'bin/tool',
  };
  const next: Record<string, Buffer | string> = {
    'empty then full': random.bytes(200_000),
    'full then empty': Buffer.alloc(0),
    'another link': 'x/y',
  };
  const put = (name: string, before: Buffer | null, after: Buffer | null): void => {
    if (before !== null) old[name] = before;
    if (after !== null) next[name] = after;
  };
  put('x/y', random.bytes(10), random.bytes(11));
  for (let i = 0; i < 4; i += 1) {
    const [text, binary] = [random.text(50 + random.below(400)), random.bytes(1000 + random.below(60_000))];
    put(`kept/${i}`, text, text);
    put(`text ${i}.txt`, text, edited(text, random));
    put(`bin/tool${i}*`, binary, edited(binary, random));
    put(`grown/${i}`, binary, Buffer.concat([binary, random.bytes(random.below(90_000)), binary]));
    put(`shrunk/${i}`, binary, binary.subarray(random.below(500), 500 + random.below(200)));
    put(`Straße/älter ${i}`, binary.subarray(5), null);
    put(`Straße/jünger ${i} ✓`, null, binary.subarray(5));
    put(`lib/old${i}.so`, binary.subarray(9), null);
    put(`lib/renamed${i}.so`, null, edited(binary.subarray(9), random));
    put(`gone/${i}`, random.bytes(50), null);
    put(`fresh/${i}`, null, random.bytes(random.below(70_000)));
    put(`fresh/twice ${i}`, null, Buffer.from(`twice ${i}`));
    put(`fresh/twice again ${i}`, null, Buffer.from(`twice ${i}`));
  }
  old['mode/a'] = Buffer.from('only the mode changes');
  next['mode/a*'] = Buffer.from('only the mode changes');
  old['bin/tool'] = Buffer.from('linked');
  next['bin/tool'] = Buffer.from('linked');
  return { old, next };
}

async function rebuilt(to: string, what: Pick<Parameters<typeof buildTree>[0], 'patch' | 'body' | 'old' | 'expected'>): Promise<Tree> {
  await mkdir(to);
  await buildTree({ ...what, to }, job);
  return scanTree(to, job);
}

describe('buildTree', () => {
  test.each([1, 2, 3, 4])('builds the identical tree from a patch and from a full package, seed %i', async (seed) => {
    await using folder = await tempFolder();
    const { old: before, next: after } = randomPair(seed);
    const old = await writeTree(join(folder.path, 'old'), before);
    const next = await writeTree(join(folder.path, 'next'), after, '1.1.0');
    const step = await quickPatch(join(folder.path, 'step.patch'), old, next);
    const full = await quickPatch(join(folder.path, 'full.patch'), null, next);
    const expected = next.tree;
    const results = [
      await rebuilt(join(folder.path, 'a'), { ...step, old, expected }),
      await rebuilt(join(folder.path, 'b'), { ...full, old: null, expected }),
      await rebuilt(join(folder.path, 'c'), { ...full, old, expected }),
    ];
    expect(results).toEqual([expected, expected, expected]);
    expect(new Set(step.patch.header.entries.map((entry) => ('form' in entry ? entry.form : entry.op)))).toEqual(
      new Set(['sparse', 'text', 'whole', 'move', 'delete']),
    );
    expect(step.bytes.length).toBeLessThan(full.bytes.length);
  });

  test('builds files of many frames', async () => {
    await using folder = await tempFolder();
    const next = await writeTree(join(folder.path, 'next'), { big: new Random(9).bytes(9_000_000), small: Buffer.from('small') });
    const full = await quickPatch(join(folder.path, 'full.patch'), null, next);
    expect(full.patch.header.frames.map(({ plainSize }) => plainSize)).toEqual([4_194_304, 4_194_304, 611_392, 5]);
    expect(await rebuilt(join(folder.path, 'to'), { ...full, old: null, expected: next.tree })).toEqual(next.tree);
  });

  test('needs nothing of the patch for content that is there, and works with a file that holds only what is needed', async () => {
    await using folder = await tempFolder();
    const random = new Random(5);
    const [kept, lost] = [random.bytes(300_000), random.bytes(200_000)];
    const next = await writeTree(join(folder.path, 'next'), { kept, lost, small: Buffer.from('small') });
    const full = await quickPatch(join(folder.path, 'full.patch'), null, next);
    const old = await writeTree(join(folder.path, 'old'), { elsewhere: kept, small: Buffer.from('small') });
    const needed = framesNeeded(full.patch, old.tree);
    const sparse = join(folder.path, 'sparse.patch');
    await writeFile(sparse, onlyRanges(full.bytes, needed));
    expect(needed.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(210_000);
    expect(framesNeeded(full.patch, next.tree)).toEqual([]);
    expect(framesNeeded(full.patch, null).length).toBe(full.patch.header.frames.length);
    expect(await rebuilt(join(folder.path, 'a'), { ...full, body: sparse, old, expected: next.tree })).toEqual(next.tree);
  });

  test('a tree of 7,000 small files with 37 changed comes out whole', async () => {
    await using folder = await quickFolder();
    const before: Record<string, Buffer> = {};
    for (let i = 0; i < 7000; i += 1) before[`d${i % 70}/f${i}.js`] = Buffer.from(`export const value${i} = ${i};\n`.repeat(1 + (i % 5)));
    const after: Record<string, Buffer> = {};
    for (let i = 0; i < 37; i += 1) after[`d${i}/f${i}.js`] = Buffer.from(`export const changed${i} = ${i};\n`.repeat(9));
    const old = await writeTree(join(folder.path, 'old'), before);
    // Making the patch reads only what changed, so nothing else has to be there.
    const changed = await writeTree(join(folder.path, 'next'), after);
    const kept = old.tree.files.filter(({ path }) => !Object.hasOwn(after, path));
    const files = [...kept, ...changed.tree.files].toSorted((a, b) => comparePaths(a.path, b.path));
    const next = { ...changed, tree: { files, links: [] } };
    const step = await quickPatch(join(folder.path, 'step.patch'), old, next);
    expect(step.patch.header.entries).toHaveLength(37);
    expect(await rebuilt(join(folder.path, 'to'), { ...step, old, expected: next.tree })).toEqual(next.tree);
  });

  test('tells how many bytes are done, up to all of them, and stops on request', async () => {
    await using folder = await tempFolder();
    const next = await writeTree(join(folder.path, 'next'), { a: new Random(1).bytes(3_000_000), b: Buffer.from('b') });
    const full = await quickPatch(join(folder.path, 'full.patch'), null, next);
    const heard: Progress[] = [];
    await mkdir(join(folder.path, 'a'));
    const input = { ...full, old: null, expected: next.tree };
    await buildTree({ ...input, to: join(folder.path, 'a') }, { ...job, report: (progress) => heard.push(progress) });
    expect(heard.at(-1)).toEqual({ step: 'build', doneBytes: 3_000_001, totalBytes: 3_000_001 });
    await mkdir(join(folder.path, 'b'));
    const stop = new AbortController();
    const stopped = buildTree({ ...input, to: join(folder.path, 'b') }, { signal: stop.signal, report: () => stop.abort() });
    await expect(stopped).rejects.toThrow('aborted');
  });
});

describe('S23 a base with one changed byte', () => {
  async function damaged(folder: string): Promise<{ old: Version; next: Version; step: Awaited<ReturnType<typeof quickPatch>> }> {
    const random = new Random(3);
    const [patched, kept] = [random.bytes(50_000), random.bytes(700)];
    const old = await writeTree(join(folder, 'old'), { patched, kept });
    const next = await writeTree(join(folder, 'next'), { patched: edited(patched, random), kept });
    return { old, next, step: await quickPatch(join(folder, 'step.patch'), old, next) };
  }

  test('S23 is refused before anything is fetched or written, when the tree says so', async () => {
    await using folder = await tempFolder();
    const { old, next, step } = await damaged(folder.path);
    const other: Tree = { ...old.tree, files: old.tree.files.map((file) => ({ ...file, sha256: 'a'.repeat(64) })) };
    const to = join(folder.path, 'to');
    await mkdir(to);
    const input = { ...step, old: { ...old, tree: other }, to, expected: next.tree };
    await expect(buildTree(input, job)).rejects.toMatchObject({ code: 'build/base' });
    expect(await scanTree(to, job)).toEqual(emptyTree);
  });

  test.each(['patched', 'kept'])('S23 is refused by the hash of the result, when only the file %s shows it', async (name) => {
    await using folder = await tempFolder();
    const { old, next, step } = await damaged(folder.path);
    const bytes = await readFile(join(old.folder, name));
    bytes.writeUInt8(bytes.readUInt8(350) ^ 1, 350);
    await writeFile(join(old.folder, name), bytes);
    const to = join(folder.path, 'to');
    await mkdir(to);
    await expect(buildTree({ ...step, old, to, expected: next.tree }, job)).rejects.toMatchObject({ code: 'build/base' });
  });
});

/** The same length, with zeros wherever nothing is needed. */
function onlyRanges(bytes: Buffer, ranges: readonly { offset: number; size: number }[]): Buffer {
  const result = Buffer.alloc(bytes.length);
  for (const { offset, size } of ranges) bytes.copy(result, offset, offset, offset + size);
  return result;
}
