/**
 * Package files: the full package and the patches. Each is made in `<repo>/staging/`, proven by building its tree with the client's
 * own code, and only then renamed to its name; so a file that has its name is whole and right.
 */
import { mkdir, mkdtemp, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { moveEntry, removeTree } from '../../../src/updater/disk/atomic.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Manifest, Package, PatchPackage } from '../../../src/updater/model/manifest.ts';
import type { Tree } from '../../../src/updater/model/tree.ts';
import { buildTree } from '../../../src/updater/patches/apply.ts';
import { readHeader } from '../../../src/updater/patches/container.ts';
import type { Signer } from '../metadata/sign.ts';
import { makePatch } from '../patch/make.ts';
import { freshTree, inWorkFolder, keptTree } from './trees.ts';

/** A version with its tree on disk. */
export interface VersionTree {
  readonly version: string;
  readonly folder: string;
  readonly tree: Tree;
}

/** Where packages are made and kept, who signs them, for which `<platform>-<arch>`, and how hard zstd tries. */
export interface Workshop {
  readonly repo: string;
  readonly cache: string;
  readonly target: string;
  readonly key: Signer;
  readonly level: number;
}

type Made = Omit<Package, 'url'>;

/** Makes the full package of a version; its tree as it comes out of the package stays in the cache. */
export async function makeFull(version: VersionTree, shop: Workshop, job: Job): Promise<Package> {
  const url = `packages/${shop.target}/${treeDigest(version.tree)}.patch`;
  return withWorkFile(shop.repo, async (out) => {
    const made = await make({ out, old: null, version }, shop, job);
    await freshTree({ cache: shop.cache, tree: version.tree }, (to) => unpack({ file: out, made, old: null, to, tree: version.tree }, job));
    await putInPlace(out, join(shop.repo, url));
    return { url, ...made };
  });
}

/** Makes the patch between two versions, or null when it is over half the full package, which is then the better way. */
export async function makeStep(
  between: { old: VersionTree; version: VersionTree; full: Package },
  shop: Workshop,
  job: Job,
): Promise<PatchPackage | null> {
  const { old, version, full } = between;
  const url = `patches/${shop.target}/${old.version}..${version.version}.patch`;
  return withWorkFile(shop.repo, async (out) => {
    const made = await make({ out, old, version }, shop, job);
    if (made.size * 2 > full.size) return null;
    await inWorkFolder(shop.cache, (to) => unpack({ file: out, made, old, to, tree: version.tree }, job));
    await putInPlace(out, join(shop.repo, url));
    return { from: old.version, fromTree: treeDigest(old.tree), url, ...made };
  });
}

/** Returns the tree of a published version: from the cache, else unpacked from its full package in the repository. */
export async function publishedTree(manifest: Manifest, shop: Workshop, job: Job): Promise<VersionTree> {
  const { version, tree, full } = manifest;
  const file = join(shop.repo, full.url);
  const fill = (to: string): Promise<void> => unpack({ file, made: full, old: null, to, tree }, job);
  return { version, tree, folder: await keptTree({ cache: shop.cache, tree }, fill, job) };
}

interface Making {
  readonly out: string;
  readonly old: VersionTree | null;
  readonly version: VersionTree;
}

async function make({ out, old, version }: Making, shop: Workshop, job: Job): Promise<Made> {
  const { id, sign } = shop.key;
  return makePatch({ old, new: version, out, sign, keyId: id, cache: shop.cache, level: shop.level }, job);
}

interface Unpacking {
  readonly file: string;
  readonly made: Made;
  readonly old: VersionTree | null;
  readonly to: string;
  readonly tree: Tree;
}

/** What a client does with the package, with nothing taken on trust but the digest of the header. */
async function unpack({ file, made, old, to, tree }: Unpacking, job: Job): Promise<void> {
  const header = await readHead(file, made.headerSize);
  const patch = readHeader(header, { headerSha256: made.headerSha256 });
  await buildTree({ patch, body: file, old, to, expected: tree }, job);
}

async function readHead(path: string, size: number): Promise<Buffer> {
  await using file = await open(path);
  const header = Buffer.alloc(size);
  const { bytesRead } = await file.read(header, 0, size, 0);
  if (bytesRead < size) throw new Failed('build/invalid', `${path} is cut off`);
  return header;
}

async function withWorkFile<T>(repo: string, use: (path: string) => Promise<T>): Promise<T> {
  await mkdir(join(repo, 'staging'), { recursive: true });
  const folder = await mkdtemp(join(repo, 'staging', '.making-'));
  try {
    return await use(join(folder, 'package.patch'));
  } finally {
    await removeTree(folder);
  }
}

/** Atomic and durable. */
async function putInPlace(file: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await moveEntry(file, path);
}
