/**
 * A person's data in open formats, from a copy, whether or not the application starts properly: the newest version that can
 * read it writes what it knows to write. Where none can, the files go out as they are.
 */
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { hasCode } from '../../../disk/atomic.ts';
import { cloneTree } from '../../../disk/clone.ts';
import { parseDataDeclaration } from '../../../model/application/data.ts';
import { Failed, failureOf, type Failure } from '../../../model/failure.ts';
import type { Job } from '../../../model/job.ts';
import { listGenerations } from '../../generations.ts';
import type { Instance, Layout } from '../../layout.ts';
import { findVersion, listVersions, type Version } from '../../versions.ts';
import { copyState } from '../clone.ts';
import { inheritedEnvironment, runToEnd } from '../program.ts';
import { epochFolder, readEpoch } from '../record.ts';
import { throwawayFolder } from './throwaway.ts';

/** Which epoch goes where: `to` does not exist yet, or is an empty folder. */
export interface ExportWish {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly epoch: number;
  readonly to: string;
}

/** What was written: by which version, or (null) the files as they are; and the versions that could not do it. */
export interface Exported {
  readonly epoch: number;
  readonly dataVersion: number;
  readonly by: string | null;
  readonly files: readonly string[];
  readonly failed: readonly { readonly version: string; readonly failure: Failure }[];
}

/** How long an exporter may take. */
const longestMs = 600_000;

/** Exports an epoch, also while an application runs in it. `to` is filled when everything is there. Throws `usage/wrong` for an unknown epoch or a folder with something in it. */
export async function exportEpoch(wish: ExportWish, job: Job): Promise<Exported> {
  const { instance, epoch, to } = wish;
  const generation = (await listGenerations(instance)).findLast((one) => one.epoch === epoch);
  const dataVersion = (await readEpoch(instance, epoch))?.dataVersion ?? generation?.dataVersion;
  if (dataVersion === undefined) throw new Failed('usage/wrong', `there is no epoch ${epoch}`);
  await refuseUnusable(to);
  const readers = await readersOf(wish.layout, dataVersion);
  await using aside = await throwawayFolder(instance);
  const failed: { version: string; failure: Failure }[] = [];
  for (const version of readers) {
    const out = join(aside.path, version.record.version);
    const failure = await exportBy(version, { ...wish, out, generation: generation?.n ?? 1 }, job);
    if (failure === null) return { epoch, dataVersion, by: version.record.version, files: await handOver(out, to, job), failed };
    failed.push({ version: version.record.version, failure });
  }
  const out = join(aside.path, 'files');
  await copyAside(wish, { to: out, version: null }, job);
  return { epoch, dataVersion, by: null, files: await handOver(out, to, job), failed };
}

/** The versions whose exporters know this data, newest first. */
async function readersOf(layout: Layout, dataVersion: number): Promise<readonly Version[]> {
  const found = await Promise.all((await listVersions(layout)).map(({ treeDigest }) => findVersion(layout, treeDigest)));
  const readers = found.filter((version) => version !== null).filter(({ manifest }) => canExport(manifest, dataVersion));
  return readers.toSorted((a, b) => semver.rcompare(a.record.version, b.record.version));
}

function canExport(manifest: Version['manifest'], dataVersion: number): boolean {
  const { exporters } = parseDataDeclaration(manifest.data);
  return manifest.entry !== null && exporters.length > 0 && manifest.dataVersion >= dataVersion;
}

/** One version's try, on a copy of its own; its failure is no reason not to ask an older one. */
async function exportBy(version: Version, wish: ExportWish & { out: string; generation: number }, job: Job): Promise<Failure | null> {
  const copy = `${wish.out}.epoch`;
  await mkdir(wish.out, { mode: 0o700 });
  await copyAside(wish, { to: copy, version }, job);
  const manner = { environment: { ...inheritedEnvironment(), MOULT_EXPORT_TO: wish.out }, behind: [], limitMs: longestMs };
  try {
    await runToEnd({ ...wish, version, epochFolder: copy, healthFile: `${wish.out}.health`, mode: 'export' }, manner, job);
    return null;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code.startsWith('start/') || failure.code === 'bug/unexpected') return failure;
    throw error;
  }
}

async function copyAside(
  { instance, epoch }: ExportWish,
  { to, version }: { to: string; version: Version | null },
  job: Job,
): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const declaration = parseDataDeclaration(version?.manifest.data ?? null);
  await copyState({ from: epochFolder(instance, epoch), to, declaration, isLive: true }, job);
}

/** Said before anything is copied: the folder is made, and nothing may be in it. */
async function refuseUnusable(to: string): Promise<void> {
  const refuse = (error: unknown): never => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'EINVAL')) throw error;
    throw new Failed('usage/wrong', `${to} cannot be a folder`, { cause: error });
  };
  await makeFolders(to).catch(refuse);
  const names = await readdir(to).catch(refuse);
  if (names.length > 0) throw new Failed('usage/wrong', `${to} is not empty`);
}

/** Node's own way never comes back from a place such as `/proc`, where a folder cannot be made in one that is there. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    if (!hasCode(error, 'ENOENT')) throw error;
    await makeFolders(dirname(path));
    await mkdir(path);
  }
}

async function handOver(out: string, to: string, job: Job): Promise<readonly string[]> {
  await rmdir(to);
  await cloneTree(out, to, job);
  const entries = await readdir(to, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(to.length + 1))
    .toSorted();
}
