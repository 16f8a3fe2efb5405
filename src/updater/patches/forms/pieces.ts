import { Failed } from '../../model/failure.ts';
import type { PatchForm } from '../../model/patch.ts';
import type { Body } from '../body.ts';
import { columnsOf } from '../consistent.ts';
import { Column, type PlacedStream } from './column.ts';
import type { OldFile } from './old-file.ts';
import { readControl, splice, type SpliceColumns } from './splice.ts';

/** How one file is rebuilt: its size in bytes, and the streams of its form, dealt out to the form's columns in turn. */
export interface Recipe {
  readonly size: number;
  readonly form: PatchForm;
  readonly streams: readonly PlacedStream[];
}

/** Throws `build/invalid` when a recipe would read or write where it must not: to be asked before the file is created. */
export function requireSound(recipe: Recipe, body: Body, old: OldFile | null): void {
  if (recipe.form === 'whole') return;
  using columns = openColumns(recipe, body);
  const control = readControl(spliceColumns(recipe.form, columns.list), { old: requireOld(old).size, result: recipe.size });
  while (control.next().done !== true);
}

/** Yields the bytes of a file in pieces of up to 4 MiB, each valid until the next is asked for; throws `build/invalid`. */
export function* piecesOf(recipe: Recipe, body: Body, old: OldFile | null): Generator<Buffer> {
  using columns = openColumns(recipe, body);
  if (recipe.form === 'whole') yield* wholePieces(columns.list, recipe.size);
  else yield* splice(spliceColumns(recipe.form, columns.list), requireOld(old), recipe.size);
}

/** The streams already hold `size` bytes in all: that was checked with the header. */
function* wholePieces([bytes]: readonly Column[], size: number): Generator<Buffer> {
  while (bytes?.isAtEnd() === false) yield bytes.bytes(size);
}

function spliceColumns(form: 'sparse' | 'text', columns: readonly Column[]): SpliceColumns {
  const [first, second, third, gaps, words, bytes] = columns;
  if (form === 'text' && first !== undefined && second !== undefined)
    return { add: first, extra: first, seek: first, changes: null, bytes: second };
  if (
    first === undefined ||
    second === undefined ||
    third === undefined ||
    gaps === undefined ||
    words === undefined ||
    bytes === undefined
  )
    throw new Failed('build/invalid', 'a recipe without all of its columns');
  return { add: first, extra: second, seek: third, changes: { gaps, words }, bytes };
}

function openColumns({ form, streams }: Recipe, body: Body): { readonly list: readonly Column[] } & Disposable {
  const count = columnsOf[form];
  const list = Array.from(
    { length: count },
    (_, column) =>
      new Column(
        streams.filter((_, i) => i % count === column),
        body,
      ),
  );
  return { list, [Symbol.dispose]: () => list.forEach((column) => column[Symbol.dispose]()) };
}

function requireOld(old: OldFile | null): OldFile {
  if (old === null) throw new Failed('build/invalid', 'a recipe without the file that it begins with');
  return old;
}
