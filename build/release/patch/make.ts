/** Making a DGMO_PATCH_V1 file. The same trees, level and key give the same bytes. */
import type { Job } from '../../../src/updater/model/job.ts';
import type { PatchEntry, PatchStream } from '../../../src/updater/model/patch.ts';
import { comparePaths, type TreeFile } from '../../../src/updater/model/tree.ts';
import { chooseForm, readListed } from './carry/choose.ts';
import { compressCached, shippedLevel } from './carry/compress.ts';
import type { Differ, Triple } from './compare/control.ts';
import { diffPairs } from './compare/diff.ts';
import { Packer } from './carry/pack.ts';
import { predictedColumns } from './predict/columns.ts';
import { sortOut, type Changes, type TreeFolder } from './sort-out.ts';
import { writePatch, type MadePatch, type Signing } from './write.ts';

/** A version's tree in its folder. */
export interface VersionFolder extends TreeFolder {
  readonly version: string;
}

/** What a patch is made from and where it goes; without `old` it is a full package. `level` is zstd's, 19 unless said; `differ` is ours unless said. */
export interface PatchInput extends Signing {
  readonly old: VersionFolder | null;
  readonly new: VersionFolder;
  readonly out: string;
  readonly cache: string;
  readonly level?: number;
  readonly differ?: Differ;
}

type Recipe = Pick<Extract<PatchEntry, { op: 'patch' }>, 'form' | 'streams'> & { readonly before: TreeFile | null };

/** Writes the patch to `out` (atomically, synced) and returns what a manifest says about it; throws `build/engine` when the differ cannot run. */
export async function makePatch(input: PatchInput, job: Job): Promise<MadePatch> {
  const changes = await sortOut(input.old, input.new, job);
  const level = input.level ?? shippedLevel;
  const packer = new Packer((plain) => compressCached(plain, level, input.cache));
  const recipes = await placeContents(input, { changes, packer, level }, job);
  const entries = entriesOf(input, changes, recipes);
  return writePatch(input, entries, await packer.finish());
}

/** Decides how each new content is carried and lays it out, in the order of the new tree. */
async function placeContents(
  input: PatchInput,
  { changes, packer, level }: { changes: Changes; packer: Packer; level: number },
  job: Job,
): Promise<ReadonlyMap<string, Recipe>> {
  // A diff of big files takes minutes and tells nothing on its way; then every content counts by its size.
  job.report({ step: 'build', doneBytes: 0, totalBytes: null });
  const controls = await controlsOf(input, changes, job);
  const totalBytes = changes.contents.reduce((sum, { file }) => sum + file.size, 0);
  let doneBytes = 0;
  const compress = (plain: Buffer, level: number): Promise<Buffer> => compressCached(plain, level, input.cache);
  const recipes = new Map<string, Recipe>();
  for (const { file, before } of changes.contents) {
    job.signal.throwIfAborted();
    const control = controls.get(file.sha256) ?? null;
    const after = await readListed(input.new.folder, file);
    const pair =
      control === null || before === null || input.old === null ? null : { before: await readListed(input.old.folder, before), control };
    const { cache, differ = 'moult' } = input;
    const predicted =
      pair === null ? null : await predictedColumns({ ...pair, after }, { folder: input.new.folder, file, cache, differ }, job);
    const { form, columns } = await chooseForm(after, pair === null ? null : { ...pair, predicted }, { compress, level });
    const streams: PatchStream[] = await packer.place(form, columns);
    recipes.set(file.sha256, { form, streams, before: form === 'whole' ? null : before });
    doneBytes += file.size;
    job.report({ step: 'build', doneBytes, totalBytes });
  }
  return recipes;
}

async function controlsOf(input: PatchInput, changes: Changes, job: Job): Promise<ReadonlyMap<string, readonly Triple[] | null>> {
  const pairs = changes.contents.flatMap(({ file, before }) => (before === null ? [] : [{ before, after: file }]));
  if (pairs.length === 0 || input.old === null) return new Map();
  const { differ = 'moult' } = input;
  const folders = { before: input.old.folder, after: input.new.folder, cache: input.cache, differ };
  const controls = await diffPairs(pairs, folders, job);
  return new Map(pairs.map((pair, i) => [pair.after.sha256, controls[i] ?? null]));
}

function entriesOf({ new: { tree } }: PatchInput, changes: Changes, recipes: ReadonlyMap<string, Recipe>): readonly PatchEntry[] {
  const deletes = changes.deletes.map(({ path, sha256 }): PatchEntry => ({ op: 'delete', path, sha256From: sha256 }));
  const moves = changes.moves.map(({ before, after }): PatchEntry => ({
    op: 'move',
    from: before.path,
    sha256From: before.sha256,
    ...resultOf(after),
  }));
  const built = tree.files.flatMap((file): PatchEntry[] => {
    const recipe = recipes.get(file.sha256);
    return recipe === undefined ? [] : [builtEntry(file, recipe)];
  });
  return [...deletes, ...moves, ...built].toSorted((a, b) => comparePaths(a.path, b.path));
}

function builtEntry(file: TreeFile, { form, streams, before }: Recipe): PatchEntry {
  const carried = { streams: [...streams] };
  if (before === null || form === 'whole') return { op: 'add', form: 'whole', ...carried, ...resultOf(file) };
  return { op: 'patch', from: before.path, sha256From: before.sha256, form, ...carried, ...resultOf(file) };
}

function resultOf({
  path,
  sha256,
  size,
  mode,
  part,
}: TreeFile): Pick<Extract<PatchEntry, { op: 'add' }>, 'path' | 'sha256To' | 'size' | 'mode' | 'part'> {
  return { path, sha256To: sha256, size, mode, part };
}
