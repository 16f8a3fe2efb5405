/** The notes from a terminal: `list`, `write TEXT`, `search WORDS`. */
import { Failed } from '../../updater/model/failure.ts';
import type { Note } from '../contract/notes.ts';
import type { Notes } from './notes.ts';

/** Does what the words say and prints the answer. Throws `usage/wrong` for words that it does not know. */
export function runWords([verb, ...rest]: readonly string[], notes: Notes, { newestFirst }: { readonly newestFirst: boolean }): void {
  const text = rest.join(' ');
  const inOrder = (found: readonly Note[]): readonly Note[] => (newestFirst ? found : found.toReversed());
  if (verb === 'list') return print(inOrder(notes.list()));
  if (verb === 'search' && text !== '') return print(inOrder(notes.search(text)));
  if (verb === 'write' && text !== '') return print([notes.write(text, new Date())]);
  throw new Failed('usage/wrong', 'say "list", "write TEXT" or "search WORDS"');
}

function print(notes: readonly Note[]): void {
  process.stdout.write(
    notes.map(({ id, title, writtenAt }) => `${String(id).padStart(4)}  ${writtenAt.slice(0, 16)}  ${title}\n`).join(''),
  );
}
