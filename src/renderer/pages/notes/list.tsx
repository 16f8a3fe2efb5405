import type { ReactNode } from 'react';
import type { Note } from '../../../main/contract/notes.ts';
import { useMinutes, useWords } from '../../words/words.tsx';
import { useDraft } from './draft.tsx';

/** The notes that there are, newest first; the open one is marked. */
export function NoteList({ notes, onOpen }: { readonly notes: readonly Note[]; onOpen(note: Note): void }): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  const { draft } = useDraft();
  return (
    <ul className="note-rows">
      {notes.map((note) => (
        <li key={note.id}>
          <button type="button" className="note-row" aria-current={note.id === draft?.id} onClick={() => onOpen(note)}>
            <span className="note-title">{note.title === '' ? firstLine(note.text) || t('notes.untitled') : note.title}</span>
            <span className="note-excerpt soft small">
              {ago(note.writtenAt)}
              {excerpt(note.text) !== '' && ` · ${excerpt(note.text)}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 120);
}

function excerpt(text: string): string {
  return text.trim().split('\n').slice(1).join(' ').trim().slice(0, 120);
}
