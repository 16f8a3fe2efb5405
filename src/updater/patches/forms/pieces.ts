import { Failed } from '../../model/failure.ts';
import type { PatchForm } from '../../model/patch.ts';
import type { Body } from '../body.ts';
import { columnsOf } from '../consistent.ts';
import { Column, type PlacedStream } from './column.ts';
import { readGuide } from './predict/guide.ts';
import { PredictedFile } from './predict/predicted-file.ts';
import type { OldBytes } from './old-file.ts';
import { readControl, splice, type SpliceColumns } from './splice.ts';

/** How one file is rebuilt: its size in bytes, and the streams of its form, dealt out to the form's columns in turn. */
export interface Recipe {
  readonly size: number;
  readonly form: PatchForm;
  readonly streams: readonly PlacedStream[];
}

/** Throws `build/invalid` when a recipe would read or write where it must not: to be asked before the file is created. */
export function requireSound(recipe: Recipe, body: Body, old: OldBytes | null): void {
  if (recipe.form === 'whole') return;
  using columns = openColumns(recipe, body);
  const source = sourceOf(recipe.form, columns.list, requireOld(old));
  const control = readControl(source.columns, { old: source.old.size, result: recipe.size });
  while (control.next().done !== true);
}

/** Yields the bytes of a file in pieces of up to 4 MiB, each valid until the next is asked for; throws `build/invalid`. */
export function* piecesOf(recipe: Recipe, body: Body, old: OldBytes | null): Generator<Buffer> {
  using columns = openColumns(recipe, body);
  if (recipe.form === 'whole') {
    yield* wholePieces(columns.list, recipe.size);
    return;
  }
  const source = sourceOf(recipe.form, columns.list, requireOld(old));
  yield* splice(source.columns, source.old, recipe.size);
}

/** The streams already hold `size` bytes in all: that was checked with the header. */
function* wholePieces([bytes]: readonly Column[], size: number): Generator<Buffer> {
  while (bytes?.isAtEnd() === false) yield bytes.bytes(size);
}

/** What a file is spliced from: the old file, as it is or predicted, and the columns that say how. */
interface Source {
  readonly old: OldBytes;
  readonly columns: SpliceColumns;
}

function sourceOf(form: 'sparse' | 'text' | 'predicted', columns: readonly Column[], old: OldBytes): Source {
  if (form === 'sparse') return { old, columns: sparseColumns(columns) };
  const [first, second, third, ...rest] = columns;
  if (form === 'text' && first !== undefined && second !== undefined)
    return { old, columns: { add: first, extra: first, seek: first, changes: null, bytes: second } };
  if (first === undefined || second === undefined || third === undefined) throw incomplete();
  const guide = readGuide({ regions: first, starts: second, changes: third }, old.size);
  return { old: new PredictedFile(old, guide), columns: sparseColumns(rest) };
}

function sparseColumns([add, extra, seek, gaps, words, bytes]: readonly Column[]): SpliceColumns {
  if (add === undefined || extra === undefined || seek === undefined || gaps === undefined || words === undefined || bytes === undefined)
    throw incomplete();
  return { add, extra, seek, changes: { gaps, words }, bytes };
}

function incomplete(): Failed {
  return new Failed('build/invalid', 'a recipe without all of its columns');
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

function requireOld(old: OldBytes | null): OldBytes {
  if (old === null) throw new Failed('build/invalid', 'a recipe without the file that it begins with');
  return old;
}
