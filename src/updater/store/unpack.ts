/** From a snapshot back to files, and looking after the objects that snapshots rest on. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, syncFolder } from '../disk/atomic.ts';
import { requireBytes } from '../disk/space.ts';
import type { KeptFile, KeptProgram, Snapshot } from '../model/application/snapshot.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import { inLanes } from './lanes.ts';
import { hasObject, isWhole, takeObject } from './objects.ts';

/**
 * Writes the data of a snapshot into `folder`, which is new and empty but for folders, synced; every byte is verified before this resolves.
 * Throws `state/damaged` when an object is missing or damaged, before anything was written where that shows without reading. Reports step 'build' in bytes. Not atomic.
 */
export async function unpackSnapshot(
  objects: string,
  what: { readonly snapshot: Snapshot; readonly folder: string },
  job: Job,
): Promise<void> {
  const { snapshot, folder } = what;
  await unpackFiles(objects, { files: snapshot.files, folders: snapshot.folders, folder, id: snapshot.id, rights: ownRights }, job);
}

/** The same for the copy of a program that a snapshot holds, with the permissions of a version's tree. Links are not in it. */
export async function unpackProgram(
  objects: string,
  what: { readonly program: KeptProgram; readonly folder: string; readonly id: string },
  job: Job,
) {
  const { program, folder, id } = what;
  await unpackFiles(objects, { files: program.files, folders: [], folder, id, rights: treeRights }, job);
}

/** Permissions by kind of entry. */
interface Rights {
  readonly file: number;
  readonly program: number;
  readonly folder: number;
}

/** A person's data is nobody else's business; a version may be read by all. */
const ownRights: Rights = { file: 0o600, program: 0o700, folder: 0o700 };
const treeRights: Rights = { file: 0o644, program: 0o755, folder: 0o755 };

/** What a scrub found: how many plain bytes it read, and per snapshot the paths whose content is missing or damaged. */
export interface Scrub {
  readonly bytes: number;
  readonly damaged: readonly { readonly id: string; readonly paths: readonly string[] }[];
}

/** Reads and hashes every object that these snapshots name, each once. Reports step 'verify' in bytes. Changes nothing: the next snapshot of the same content mends an object. */
export async function scrubSnapshots(objects: string, snapshots: readonly Snapshot[], job: Job): Promise<Scrub> {
  const contents = new Map(snapshots.flatMap(filesOf).map((file) => [file.sha256, file]));
  const totalBytes = sumOf([...contents.values()]);
  const damaged = new Set<string>();
  let bytes = 0;
  await inLanes(contents.values(), async (file) => {
    job.signal.throwIfAborted();
    if (!(await isWhole(objects, file, job))) damaged.add(file.sha256);
    bytes += file.size;
    job.report({ step: 'verify', doneBytes: bytes, totalBytes });
  });
  const pathsOf = (snapshot: Snapshot): string[] => filesOf(snapshot).flatMap(({ path, sha256 }) => (damaged.has(sha256) ? [path] : []));
  const found = snapshots.map((snapshot) => ({ id: snapshot.id, paths: pathsOf(snapshot) }));
  return { bytes, damaged: found.filter(({ paths }) => paths.length > 0) };
}

interface Unpacking {
  readonly id: string;
  readonly files: readonly KeptFile[];
  readonly folders: readonly string[];
  readonly folder: string;
  readonly rights: Rights;
}

async function unpackFiles(objects: string, { id, files, folders, folder, rights }: Unpacking, job: Job): Promise<void> {
  for (const { path, sha256 } of files) {
    if (!hasObject(objects, sha256)) throw new Failed('state/damaged', `the snapshot ${id} lacks the content of ${JSON.stringify(path)}`);
  }
  const totalBytes = sumOf(files);
  await requireBytes(folder, totalBytes);
  const parents = foldersAbove([...files.map(({ path }) => dirname(path)), ...folders]);
  for (const path of parents) await mkdir(join(folder, path), { recursive: true, mode: rights.folder });
  let doneBytes = 0;
  await inLanes(files, async (file) => {
    job.signal.throwIfAborted();
    await takeOne(objects, { file, path: join(folder, file.path), permissions: rights[file.mode], id }, job);
    doneBytes += file.size;
    job.report({ step: 'build', doneBytes, totalBytes });
  });
  for (const path of ['', ...parents]) await syncFolder(join(folder, path));
}

interface Taking {
  readonly id: string;
  readonly file: KeptFile;
  readonly path: string;
  readonly permissions: number;
}

async function takeOne(objects: string, { id, file, path, permissions }: Taking, job: Job): Promise<void> {
  try {
    await takeObject(objects, { path, permissions, content: file }, job);
  } catch (error) {
    // Two entries of a record that cannot stand in one folder: no snapshot of ours has such.
    if (!hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR')) throw error;
    throw new Failed('state/damaged', `the snapshot ${id} has ${JSON.stringify(file.path)} twice`, { cause: error });
  }
}

/** Every folder on the way to these, parents first, each once. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const all = paths.flatMap((path) => path.split('/').map((_, i, names) => names.slice(0, i + 1).join('/')));
  return [...new Set(all)].filter((path) => path !== '.').toSorted();
}

function filesOf({ files, program }: Snapshot): readonly KeptFile[] {
  return [...files, ...(program?.files ?? [])];
}

function sumOf(files: readonly KeptFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
