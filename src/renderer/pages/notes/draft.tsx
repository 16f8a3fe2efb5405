/** What is being written: it outlives a change of page and a reload of the window, and tells the host while it is not saved. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Note } from '../../../main/contract/notes.ts';
import { useBusy } from '../../connection/context.tsx';
import { useAnnounce } from '../../parts/announce.tsx';
import { useCommand } from '../../parts/failure.tsx';
import type { Failure } from '../../../updater/model/failure.ts';
import { useWords } from '../../words/words.tsx';

/** A note as it stands in the editor: `saved` is what is on disk, null id a note that never was. */
interface Draft {
  readonly id: number | null;
  readonly text: string;
  readonly saved: string;
  readonly writtenAt: string | null;
}

interface Drafting {
  readonly draft: Draft | null;
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  readonly failure: Failure | null;
  /** Puts a note, a new one (`'new'`), or nothing into the editor. */
  open(note: Note | 'new' | null): void;
  edit(text: string): void;
  /** Writes it; false when that failed. */
  save(): Promise<boolean>;
}

const keptName = 'moult.draft';
const Current = createContext<Drafting | null>(null);

/** Keeps the draft for everything below it. */
export function WithDraft({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const [draft, setDraft] = useState<Draft | null>(readKept);
  const { run, isRunning, failure } = useCommand('notes/write');
  const isChanged = draft !== null && draft.text !== draft.saved;
  useBusy(isChanged);
  useEffect(() => keep(draft), [draft]);
  const save = useCallback(async (): Promise<boolean> => {
    if (draft === null) return true;
    const note = await run({ id: draft.id, text: draft.text });
    if (note === 'failed') return false;
    // Whoever went on writing meanwhile has changes again.
    setDraft((now) => now && { ...now, id: note.id, saved: draft.text, writtenAt: note.writtenAt });
    announce(t('notes.savedSaid'));
    return true;
  }, [announce, draft, run, t]);
  const drafting = useMemo<Drafting>(
    () => ({
      draft,
      isChanged,
      isSaving: isRunning,
      failure,
      open: (note) => setDraft(draftOf(note)),
      edit: (text) => setDraft((now) => now && { ...now, text }),
      save,
    }),
    [draft, failure, isChanged, isRunning, save],
  );
  return <Current value={drafting}>{children}</Current>;
}

/** What is being written. */
export function useDraft(): Drafting {
  const drafting = useContext(Current);
  if (drafting === null) throw new Error('nothing can be written here');
  return drafting;
}

function draftOf(note: Note | 'new' | null): Draft | null {
  if (note === null) return null;
  if (note === 'new') return { id: null, text: '', saved: '', writtenAt: null };
  return { id: note.id, text: note.text, saved: note.text, writtenAt: note.writtenAt };
}

function readKept(): Draft | null {
  const kept = sessionStorage.getItem(keptName);
  return kept === null ? null : parseKept(kept);
}

/** Written by this very window before it was loaded again. */
function parseKept(text: string): Draft | null {
  return JSON.parse(text) as Draft | null;
}

function keep(draft: Draft | null): void {
  sessionStorage.setItem(keptName, JSON.stringify(draft));
}
