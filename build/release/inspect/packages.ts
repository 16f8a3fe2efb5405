import { mkdir, mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeTree } from '../../../src/updater/disk/atomic.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { fetchParts } from '../../../src/updater/download/parts.ts';
import { openRemote, type Remote } from '../../../src/updater/download/remote.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Manifest, Package } from '../../../src/updater/model/manifest.ts';
import { emptyTree } from '../../../src/updater/model/tree.ts';
import { buildTree } from '../../../src/updater/patches/apply.ts';
import { readHeader, type PatchFile } from '../../../src/updater/patches/container.ts';

/** How closely packages are looked at: their signed headers, all their bytes, or also the tree that comes out of the full package. */
export type Depth = 'headers' | 'bytes' | 'trees';

/** Where packages come from, a folder to work in, the release keys, and how closely to look. */
export interface Checking {
  readonly remote: Remote;
  readonly folder: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly depth: Depth;
}

/** Reads every byte of every package in a repository's folder that manifests name, with the eyes of a client. Throws like `checkPackages`. */
export async function requirePackages(
  repo: string,
  what: { manifests: readonly Manifest[]; keys: ReadonlyMap<string, Uint8Array> },
  job: Job,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'moult-verify-'));
  try {
    await using remote = openRemote({ urls: [repo], userAgent: 'moult-release', wait: atOnce });
    for (const manifest of what.manifests) await checkPackages(manifest, { remote, folder, keys: what.keys, depth: 'bytes' }, job);
  } finally {
    await removeTree(folder);
  }
}

/** A folder of our own does not become better by waiting. */
export async function atOnce(): Promise<void> {}

/** Checks every package that a manifest names and returns how many files and bytes were read. Throws `build/…`, `fetch/…`. */
export async function checkPackages(manifest: Manifest, checking: Checking, job: Job): Promise<{ files: number; bytes: number }> {
  const packages = [
    { item: manifest.full, from: treeDigest(emptyTree) },
    ...manifest.patches.map((item) => ({ item, from: item.fromTree })),
  ];
  let bytes = 0;
  for (const { item, from } of packages) {
    const patch = await checkPackage({ item, from, to: manifest.tree.digest }, checking, job);
    bytes += checking.depth === 'headers' ? patch.headerSize : item.size;
  }
  if (checking.depth === 'trees') await checkTree(manifest, checking, job);
  return { files: packages.length, bytes };
}

/** Its header must be the one that the manifest names, be signed, lead between the right trees and add up; then its bytes must be right. */
async function checkPackage(what: { item: Package; from: string; to: string }, checking: Checking, job: Job): Promise<PatchFile> {
  const { item, from, to } = what;
  return withFile(checking, item, async (file) => {
    const patch = await fetchHeader({ file, item }, checking, job);
    const { fromChecksum, toChecksum, bodySize } = patch.header;
    if (fromChecksum !== from || toChecksum !== to)
      throw new Failed('build/invalid', `${item.url} is not between the trees that the manifest says`);
    if (patch.headerSize + bodySize !== item.size) throw new Failed('build/invalid', `${item.url} is not as long as the manifest says`);
    if (checking.depth !== 'headers') await fetchAll({ file, item }, checking, job);
    return patch;
  });
}

async function checkTree({ full, tree }: Manifest, checking: Checking, job: Job): Promise<void> {
  await withFile(checking, full, async (file) => {
    const patch = await fetchHeader({ file, item: full }, checking, job);
    await fetchAll({ file, item: full }, checking, job);
    const to = join(checking.folder, 'tree');
    await mkdir(to);
    await buildTree({ patch, body: file, old: null, to, expected: tree }, job);
    await removeTree(to);
  });
}

async function fetchHeader({ file, item }: { file: string; item: Package }, { remote, keys }: Checking, job: Job): Promise<PatchFile> {
  const part = { offset: 0, size: item.headerSize, sha256: item.headerSha256 };
  await fetchParts(remote, { name: item.url, file, size: item.size, parts: [part] }, job);
  await using local = await open(file);
  const { buffer } = await local.read(Buffer.alloc(item.headerSize), 0, item.headerSize, 0);
  return readHeader(buffer, { headerSha256: item.headerSha256, keys });
}

async function fetchAll({ file, item }: { file: string; item: Package }, { remote }: Checking, job: Job): Promise<void> {
  const { url, size, sha256 } = item;
  await fetchParts(remote, { name: url, file, size, parts: [{ offset: 0, size, sha256 }] }, job);
}

async function withFile<T>({ folder }: Checking, item: Package, use: (file: string) => Promise<T>): Promise<T> {
  const file = join(folder, `${item.sha256}.patch`);
  await mkdir(dirname(file), { recursive: true });
  try {
    return await use(file);
  } finally {
    await removeTree(file);
  }
}
