import { NotebookPen, Plus, SearchX } from 'lucide-react';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { Note } from '../../../main/contract/notes.ts';
import { useTopic } from '../../connection/context.tsx';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { SearchField } from '../../parts/field.tsx';
import { Empty, Page, Skeleton } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { useDraft } from './draft.tsx';
import { Editor } from './editor.tsx';
import { NoteList } from './list.tsx';
import { useLeave } from './leave.tsx';

/** The application that this shell carries: notes, found, written and deleted. */
export function NotesPage(): ReactNode {
  const { t } = useWords();
  const [search, setSearch] = useState('');
  const { notes, failure } = useNotes(search);
  const { draft } = useDraft();
  const { leaveTo, question } = useLeave();
  const isEmpty = notes?.length === 0 && search === '' && draft === null;
  return (
    <Page
      title={t('notes.title')}
      actions={
        <Button kind={isEmpty ? 'plain' : 'primary'} icon={Plus} onPress={() => leaveTo('new')}>
          {t('notes.new')}
        </Button>
      }
    >
      <Problem failure={failure} />
      {isEmpty ? (
        <Empty icon={NotebookPen} title={t('notes.emptyTitle')}>
          <p className="soft">{t('notes.emptyText')}</p>
        </Empty>
      ) : (
        <div className={`notes${draft === null ? '' : ' notes-editing'}`}>
          <section className="notes-list" aria-label={t('notes.list')}>
            <SearchField label={t('notes.search')} value={search} onChange={setSearch} />
            {notes === null && <Skeleton rows={5} />}
            {notes?.length === 0 && search !== '' && <NothingFound search={search} />}
            {notes !== null && <NoteList notes={notes} onOpen={leaveTo} />}
          </section>
          {draft === null ? (
            <p className="notes-choose soft">{t('notes.choose')}</p>
          ) : (
            <Editor key={draft.id ?? 'new'} onLeave={() => leaveTo(null)} />
          )}
        </div>
      )}
      {question}
    </Page>
  );
}

function NothingFound({ search }: { readonly search: string }): ReactNode {
  const { t } = useWords();
  return (
    <Empty icon={SearchX} title={t('notes.nothingFound', { search })}>
      <p className="soft">{t('notes.nothingFoundText')}</p>
    </Empty>
  );
}

/** The notes that are found, again at every change of them; null before the first answer. */
function useNotes(search: string): { readonly notes: readonly Note[] | null; readonly failure: ReturnType<typeof useCommand>['failure'] } {
  const { revision } = useTopic('notes');
  const { run, failure } = useCommand('notes/list');
  const [notes, setNotes] = useState<readonly Note[] | null>(null);
  const load = useCallback(
    async (isWanted: () => boolean) => {
      const answer = await run({ search });
      if (answer !== 'failed' && isWanted()) setNotes(answer);
    },
    [run, search],
  );
  useEffect(() => {
    let isWanted = true;
    void load(() => isWanted);
    return () => {
      isWanted = false;
    };
  }, [load, revision]);
  return { notes, failure };
}
