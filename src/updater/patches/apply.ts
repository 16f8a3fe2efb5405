/**
 * Old bytes + patch = new bytes: a whole tree built from an old one and a patch file.
 *
 * Order: everything about the patch is checked; the needed frames are hashed; only then files are made, each hashed as it is written
 * and synced; links come last; then the folders are synced. Nothing is written outside `to`. After a failure or a crash `to` holds
 * a part of the tree and is worth nothing.
 */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../disk/atomic.ts';
import { linkInside } from '../disk/inside.ts';
import { besideModule, runOnWorkers } from '../disk/pool.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Tree } from '../model/tree.ts';
import { requireIntact } from './body.ts';
import { placedFrames, placedStream, type PatchFile } from './container.ts';
import { planBuild, type BuildPlan } from './plan.ts';
import { work, type BuildTask, type Clone, type Rebuild } from './work/work.ts';

/** What a tree is built from: `body` is the patch file (the frames that `framesNeeded` names have to be there), `to` an empty folder. */
export interface BuildInput {
  readonly patch: PatchFile;
  readonly body: string;
  readonly old: { readonly folder: string; readonly tree: Tree } | null;
  readonly to: string;
  readonly expected: Tree;
}

type File = Clone | Rebuild;
type Locate = (path: string) => string;
type Place = Pick<BuildInput, 'patch' | 'body' | 'to' | 'expected'>;

// One thread's share of small files; and the amount of work above which starting threads pays.
const batch = { bytes: 16 * 1024 ** 2, files: 256 } as const;
const manyBytes = 64 * 1024 ** 2;

/**
 * Makes every file and link of `expected` in `to`, verified and synced; not atomic. Throws `build/invalid` for a patch that is not
 * right, `build/base` for an old tree that is not the one it begins with, `build/hash` for a result that is not the expected one.
 */
export async function buildTree(input: BuildInput, job: Job): Promise<void> {
  const folder = input.old?.folder ?? input.to;
  await buildFrom({ ...input, old: input.old?.tree ?? null }, (path) => join(folder, path), job);
}

/** The same, with old files wherever `locate` says that a path of the old tree lies. */
export async function buildFrom(input: Place & { readonly old: Tree | null }, locate: Locate, job: Job): Promise<void> {
  const plan = planBuild(input.patch.header, input.old, input.expected);
  await requireBody(input, plan, job);
  const done = counter(input.expected, job);
  await runTasks(input, filesOf(input.patch, plan, locate), { done, job });
  await runTasks(
    input,
    clones(plan.copies, (path) => join(input.to, path)),
    { done, job },
  );
  for (const { path, target } of input.expected.links) await linkInside(input.to, path, target);
  await syncFolders(input);
}

async function requireBody({ patch, body }: Place, plan: BuildPlan, job: Job): Promise<void> {
  await using file = await open(body);
  const { size } = await file.stat();
  if (size > patch.headerSize + patch.header.bodySize) throw new Failed('build/invalid', 'the patch goes on after its end');
  await requireIntact(
    file,
    placedFrames(
      patch,
      plan.rebuilds.map(({ entry }) => entry),
    ),
    job,
  );
}

function filesOf(patch: PatchFile, plan: BuildPlan, locate: Locate): readonly File[] {
  const rebuilds = plan.rebuilds.map(({ entry, from, file }): Rebuild => {
    const { size, form } = entry;
    const streams = entry.streams.map((stream) => placedStream(stream, patch));
    return { kind: 'rebuild', from: from === null ? null : { ...from, path: locate(from.path) }, recipe: { size, form, streams }, file };
  });
  return [...rebuilds, ...clones(plan.clones, locate)];
}

function clones(planned: BuildPlan['clones'], locate: Locate): readonly Clone[] {
  return planned.map(({ from, file }) => ({ kind: 'clone', from: locate(from), file }));
}

/** In threads when there is enough work for more than one of them. */
async function runTasks(input: Place, files: readonly File[], tools: { done: (bytes: number) => void; job: Job }): Promise<void> {
  const tasks = batches(files).map((files): BuildTask => ({ to: input.to, body: input.body, files }));
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (tasks.length > 1 && (bytes > manyBytes || files.length > 2 * batch.files)) {
    const handlers = { onResult: () => undefined, onBytes: tools.done };
    await runOnWorkers(besideModule('./work/work', import.meta.url), { tasks, handlers }, tools.job);
  } else for (const task of tasks) await work(task, tools.done);
}

/** Neighbours stay together, since they share frames; a big file is a task of its own. */
function batches(files: readonly File[]): File[][] {
  const result: File[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = result.at(-1);
    bytes += file.file.size;
    if (last !== undefined && bytes <= batch.bytes && last.length < batch.files) last.push(file);
    else {
      result.push([file]);
      bytes = file.file.size;
    }
  }
  return result;
}

/** Counts bytes for the job, and stops the work that tells of them when the job is to stop. */
function counter(expected: Tree, job: Job): (bytes: number) => void {
  const totalBytes = expected.files.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  return (bytes) => {
    job.signal.throwIfAborted();
    doneBytes += bytes;
    job.report({ step: 'build', doneBytes, totalBytes });
  };
}

/** Every folder that got a name, the deepest first. */
async function syncFolders({ to, expected }: Place): Promise<void> {
  const folders = new Set(['.']);
  for (const { path } of [...expected.files, ...expected.links])
    for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  const deepestFirst = [...folders].toSorted((a, b) => b.length - a.length);
  for (const folder of deepestFirst) await syncFolder(join(to, folder));
}
