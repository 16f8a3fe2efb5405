/**
 * Carries out a plan: fetches what it lists and builds the target's tree in its own folder.
 *
 * True on disk at any moment: `downloads/` holds parts that are verified again before they are used, and the target's folder has
 * no record yet, so a kill leaves nothing that anything would read as a version.
 */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../disk/atomic.ts';
import { freshFolder } from '../disk/inside.ts';
import { fetchParts } from '../download/parts.ts';
import type { Remote } from '../download/remote.ts';
import type { Layout } from '../install/layout.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Manifest, Package } from '../model/manifest.ts';
import type { Tree } from '../model/tree.ts';
import { buildTree } from '../patches/apply.ts';
import { extractContents } from '../patches/work/extract.ts';
import { framesNeeded, readHeader, type PatchFile } from '../patches/container.ts';
import type { Lacking } from '../repair/mend.ts';
import type { Route } from './plan.ts';
import type { Ground } from './stock.ts';

/** What is built where, from what, and who answers for it: `to` is an empty folder. */
export interface Building {
  readonly manifest: Manifest;
  readonly to: string;
  readonly layout: Layout;
  readonly remote: Remote;
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>;
  readonly ground: Ground | null;
}

/** Builds a tree by one route. Throws `fetch/…`, `build/…`, `disk/…`. Not atomic. */
export async function obtain(route: Route, building: Building, job: Job): Promise<void> {
  switch (route.kind) {
    case 'present':
      throw new Failed('bug/unexpected', 'a version that stands is not built');
    case 'direct':
      return buildFrom(await fetchPackage(route.patch, fetchingFor(building), job), building, job);
    case 'full':
      return buildFrom(await fetchPackage(route.full, fetchingFor(building), job), building, job);
    case 'two': {
      const middle = { folder: join(building.layout.downloads, `${route.middle.tree.digest}.tree`), tree: route.middle.tree };
      const onward = { ...building, ground: middle };
      await mkdir(building.layout.downloads, { recursive: true });
      await freshFolder(middle.folder);
      const first = await fetchPackage(route.first, fetchingFor(building), job);
      const second = await fetchPackage(route.second, fetchingFor(onward), job);
      await buildFrom(first, { ...building, manifest: route.middle, to: middle.folder }, job);
      await buildFrom(second, onward, job);
      return removeTree(middle.folder);
    }
  }
}

/**
 * Fetches single contents of a version, by ranges of its full package, into the folder `to`, each verified and under its SHA-256 as
 * its name; returns the bytes that they take in the package. Who answers for it is the manifest that was accepted. Throws `fetch/…`, `build/…`.
 */
export async function fetchContents(
  { manifest, contents, to }: Lacking,
  tools: Pick<Building, 'layout' | 'remote'>,
  job: Job,
): Promise<number> {
  const wanted = new Set(contents.map(({ sha256 }) => sha256));
  const rest = { files: manifest.tree.files.filter(({ sha256 }) => !wanted.has(sha256)), links: manifest.tree.links };
  const { patch, body } = await fetchPackage(manifest.full, { ...tools, releaseKeys: new Map(), have: rest }, job);
  await extractContents({ patch, body, contents, to }, job);
  return framesNeeded(patch, rest).reduce((sum, { size }) => sum + size, manifest.full.headerSize);
}

/** The name below `downloads/` of what has arrived of a package. */
export function downloadName(item: Package): string {
  return `${item.sha256}.patch`;
}

/** Where a package is fetched from, and the tree that what it holds is not needed for. */
interface Fetching extends Pick<Building, 'layout' | 'remote' | 'releaseKeys'> {
  readonly have: Tree | null;
}

interface Fetched {
  readonly patch: PatchFile;
  readonly body: string;
}

/** Fetches a package's header, then the frames that the ground does not already hold. Resumes whatever an earlier try left. */
async function fetchPackage(item: Package, fetching: Fetching, job: Job): Promise<Fetched> {
  const file = join(fetching.layout.downloads, downloadName(item));
  await mkdir(fetching.layout.downloads, { recursive: true });
  const wanted = { name: item.url, file, size: item.size };
  const header = { offset: 0, size: item.headerSize, sha256: item.headerSha256 };
  await fetchParts(fetching.remote, { ...wanted, parts: [header] }, job);
  const bytes = await readStart(file, item.headerSize);
  const patch = readHeader(bytes, { headerSha256: item.headerSha256, keys: fetching.releaseKeys });
  const parts = framesNeeded(patch, fetching.have);
  await fetchParts(fetching.remote, { ...wanted, parts }, job);
  return { patch, body: file };
}

function fetchingFor({ layout, remote, releaseKeys, ground }: Building): Fetching {
  return { layout, remote, releaseKeys, have: ground?.tree ?? null };
}

async function readStart(path: string, bytes: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const start = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(start, 0, bytes, 0);
  return start.subarray(0, bytesRead);
}

async function buildFrom({ patch, body }: Fetched, { manifest, to, ground }: Building, job: Job): Promise<void> {
  await buildTree({ patch, body, old: ground, to, expected: manifest.tree }, job);
}
