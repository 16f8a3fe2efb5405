import { generateKeyPairSync, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makePatchBetween } from '../../../../build/release/patch/between.ts';
import { makePatch } from '../../../../build/release/patch/make.ts';
import { sha256Hex } from '../../../../src/updater/disk/hash.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { readHeader } from '../../../../src/updater/patches/container.ts';
import { applyPatchFile } from '../../../../src/updater/patches/standalone.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { edited, Random } from '../../../updater/patches/random.ts';
import { quickPatch, writeTree } from '../../../updater/patches/trees.ts';

const job = quietJob();
const versions = { old: '1.0.0', new: '1.1.0' };

describe('makePatch', () => {
  test('makes the same bytes of the same input, with an empty cache and with a full one', async () => {
    await using folder = await tempFolder();
    const random = new Random(1);
    const [binary, text] = [random.bytes(1_200_000), random.text(300)];
    const old = await writeTree(join(folder.path, 'old'), { binary, text });
    const next = await writeTree(join(folder.path, 'next'), {
      binary: edited(binary, random),
      text: edited(text, random),
      more: random.bytes(600_000),
    });
    const make = async (name: string, cache: string): Promise<Buffer> => {
      const out = join(folder.path, name);
      await makePatch({ old, new: next, out, sign: null, keyId: 'none', cache: join(folder.path, cache), level: 3 }, job);
      return readFile(out);
    };
    const first = await make('a', 'cache');
    expect([(await make('b', 'cache')).equals(first), (await make('c', 'other cache')).equals(first)]).toEqual([true, true]);
  });

  test('says what a manifest needs to know, and signs the header', async () => {
    await using folder = await tempFolder();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    const next = await writeTree(join(folder.path, 'next'), { a: Buffer.from('a') });
    const [out, cache] = [join(folder.path, 'patch'), join(folder.path, 'cache')];
    const made = await makePatch({ old: null, new: next, out, cache, keyId: 'k', sign: (digest) => sign(null, digest, privateKey) }, job);
    const bytes = await readFile(out);
    const { header, headerSize } = readHeader(bytes, { keys: new Map([['k', raw]]), headerSha256: made.headerSha256 });
    expect(made).toEqual({
      size: bytes.length,
      sha256: sha256Hex(bytes),
      headerSize,
      headerSha256: sha256Hex(bytes.subarray(0, headerSize)),
    });
    expect(header).toMatchObject({
      keyId: 'k',
      fromVersion: null,
      toVersion: '1.0.0',
      patchChecksum: sha256Hex(bytes.subarray(headerSize)),
    });
  });

  test('takes the form that is smallest: text for text, sparse for shifted words, the whole file when nothing is alike', async () => {
    await using folder = await tempFolder();
    const random = new Random(4);
    const [binary, text, other] = [random.bytes(80_000), random.text(900), random.bytes(20_000)];
    const shifted = Buffer.from(binary);
    for (let i = 0; i + 4 < shifted.length; i += 48) shifted.writeUInt32LE((shifted.readUInt32LE(i) + 4096) >>> 0, i);
    const old = await writeTree(join(folder.path, 'old'), { binary, text, other });
    const after = { binary: shifted, text: Buffer.from(text.toString().replace('moult', 'Moult')), other: random.bytes(20_000) };
    const next = await writeTree(join(folder.path, 'next'), after);
    const { patch, bytes } = await quickPatch(join(folder.path, 'patch'), old, next);
    const formed = patch.header.entries.map((entry) => [entry.path, 'form' in entry ? entry.form : entry.op]);
    expect(formed).toEqual([
      ['binary', 'sparse'],
      ['other', 'whole'],
      ['text', 'text'],
    ]);
    expect(bytes.length).toBeLessThan(20_000 + 4000);
  });

  test('a renamed and edited file finds the old one, one that shares nothing does not', async () => {
    await using folder = await tempFolder();
    const random = new Random(6);
    const [code, data] = [random.text(200), random.bytes(9000)];
    const old = await writeTree(join(folder.path, 'old'), { 'src/code-1a2b.js': code, data, unrelated: random.bytes(9000) });
    const next = await writeTree(join(folder.path, 'next'), {
      'lib/code-3c4d.js': edited(code, random),
      'moved/data': data,
      fresh: random.bytes(9000),
    });
    const { patch } = await quickPatch(join(folder.path, 'patch'), old, next);
    const origins = patch.header.entries.map((entry) => [entry.op, entry.path, 'from' in entry ? entry.from : null]);
    expect(origins).toEqual([
      ['delete', 'data', null],
      ['add', 'fresh', null],
      ['patch', 'lib/code-3c4d.js', 'src/code-1a2b.js'],
      ['move', 'moved/data', 'data'],
      ['delete', 'src/code-1a2b.js', null],
      ['delete', 'unrelated', null],
    ]);
  });

  test('a big file has frames of its own, small ones share theirs', async () => {
    await using folder = await tempFolder();
    const random = new Random(8);
    const next = await writeTree(join(folder.path, 'next'), { a: random.bytes(500), big: random.bytes(100_000), c: random.bytes(700) });
    const { patch } = await quickPatch(join(folder.path, 'patch'), null, next);
    expect(patch.header.frames.map(({ plainSize }) => plainSize)).toEqual([1200, 100_000]);
  });

  test('refuses a file that is no longer the one that was listed', async () => {
    await using folder = await tempFolder();
    const next = await writeTree(join(folder.path, 'next'), { a: Buffer.from('a') });
    await writeFile(join(next.folder, 'a'), 'b');
    await expect(quickPatch(join(folder.path, 'patch'), null, next)).rejects.toMatchObject({ code: 'disk/unsafe' });
  });

  test('stops on request', async () => {
    await using folder = await tempFolder();
    const next = await writeTree(join(folder.path, 'next'), { a: Buffer.from('a') });
    const input = { old: null, new: next, out: join(folder.path, 'patch'), sign: null, keyId: 'none', cache: join(folder.path, 'cache') };
    await expect(makePatch(input, { ...job, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});

describe('patches between files on their own', () => {
  test('turn the old file into the new one, whatever they are called', async () => {
    await using folder = await tempFolder();
    const random = new Random(2);
    const before = random.bytes(30_000);
    const after = edited(before, random);
    const [old, next, out, patch] = ['old.bin', 'new file', 'out', 'patch'].map((name) => join(folder.path, name));
    if (old === undefined || next === undefined || out === undefined || patch === undefined) throw new Error('four names');
    await writeFile(old, before);
    await writeFile(next, after, { mode: 0o755 });
    await makePatchBetween({ old, new: next, out: patch, versions, sign: null, keyId: '', cache: join(folder.path, 'cache') }, job);
    await writeFile(`${old}.renamed`, before, { mode: 0o755 });
    expect(await applyPatchFile({ old: `${old}.renamed`, patch, out }, job)).toMatchObject({ files: [{ mode: 'program' }] });
    expect((await readFile(out)).equals(after)).toBe(true);
    await expect(applyPatchFile({ old, patch, out }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    await writeFile(old, before.with(7, (before[7] ?? 0) ^ 1));
    await expect(applyPatchFile({ old, patch, out: `${out}2` }, job)).rejects.toMatchObject({ code: 'build/base' });
    await writeFile(patch, Buffer.concat([await readFile(patch), Buffer.from('x')]));
    await expect(applyPatchFile({ old: `${old}.renamed`, patch, out: `${out}3` }, job)).rejects.toMatchObject({ code: 'build/invalid' });
  });

  test('between folders, with links and modes, and never between a file and a folder', async () => {
    await using folder = await tempFolder();
    const old = await writeTree(join(folder.path, 'old'), { 'bin/a*': Buffer.from('a'), kept: Buffer.from('kept') });
    const next = await writeTree(join(folder.path, 'next'), { 'bin/b*': Buffer.from('b'), kept: Buffer.from('kept'), link: 'bin/b' });
    const [patch, out] = [join(folder.path, 'patch'), join(folder.path, 'out')];
    const between = { out: patch, versions, sign: null, keyId: '', cache: join(folder.path, 'cache') };
    await makePatchBetween({ ...between, old: old.folder, new: next.folder }, job);
    expect(await applyPatchFile({ old: old.folder, patch, out }, job)).toEqual(next.tree);
    const mixed = makePatchBetween({ ...between, old: old.folder, new: patch }, job);
    await expect(mixed).rejects.toMatchObject({ code: 'usage/wrong' });
  });
});
