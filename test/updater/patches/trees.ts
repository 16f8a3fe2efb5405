import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makePatch } from '../../../build/release/patch/make.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Tree } from '../../../src/updater/model/tree.ts';
import { readHeader, type PatchFile } from '../../../src/updater/patches/container.ts';

/** What a tree is to hold: bytes by path, a program where the path ends in `*`, a link where the value is a text. */
export type Contents = Readonly<Record<string, Buffer | string>>;

export interface Version {
  readonly folder: string;
  readonly tree: Tree;
  readonly version: string;
}

/** A fresh folder, in memory where the system has such a place: thousands of synced files take a disk minutes, and are not what is tested. */
export async function quickFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'moult-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Writes a tree and scans it. */
export async function writeTree(folder: string, contents: Contents, version = '1.0.0'): Promise<Version> {
  mkdirSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(contents)) {
    const path = join(folder, name.replace(/\*$/, ''));
    mkdirSync(dirname(path), { recursive: true });
    if (typeof value === 'string') symlinkSync(value, path);
    else writeFileSync(path, value, { mode: name.endsWith('*') ? 0o755 : 0o644 });
  }
  return { folder, tree: await scanTree(folder, quietJob()), version };
}

/** Makes an unsigned patch quickly, reads it back, and tells where it lies. */
export async function quickPatch(
  out: string,
  old: Version | null,
  next: Version,
): Promise<{ patch: PatchFile; body: string; bytes: Buffer }> {
  await makePatch({ old, new: next, out, sign: null, keyId: 'none', cache: `${out}.cache`, level: 3 }, quietJob());
  const bytes = await readFile(out);
  return { patch: readHeader(bytes, { allowUnsigned: true }), body: out, bytes };
}
