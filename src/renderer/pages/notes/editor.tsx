import { ArrowLeft, Trash2 } from 'lucide-react';
import { useEffect, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';
import { useDraft } from './draft.tsx';

/** Where a note is written. It is saved by the button or Ctrl+S; until then it says so. */
export function Editor({ onLeave }: { onLeave(): void }): ReactNode {
  const { t } = useWords();
  const { draft, edit, save, isChanged, failure } = useDraft();
  const [isDeleting, setDeleting] = useState(false);
  useWarning(isChanged);
  if (draft === null) return null;
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (isChanged) void save();
  };
  return (
    <section className="editor" aria-label={t('notes.text')}>
      <div className="editor-back">
        <Button kind="quiet" icon={ArrowLeft} onPress={onLeave}>
          {t('notes.back')}
        </Button>
      </div>
      <textarea
        className="editor-text"
        aria-label={t('notes.text')}
        placeholder={t('notes.placeholder')}
        value={draft.text}
        maxLength={1_000_000}
        onChange={({ target }) => edit(target.value)}
        onKeyDown={onKey}
      />
      <Problem failure={failure} />
      <Foot onDelete={() => setDeleting(true)} />
      {isDeleting && draft.id !== null && <Delete id={draft.id} title={titleOf(draft.saved)} onLeave={() => setDeleting(false)} />}
    </section>
  );
}

function Foot({ onDelete }: { onDelete(): void }): ReactNode {
  const { t } = useWords();
  const { draft, edit, save, isChanged, isSaving } = useDraft();
  return (
    <div className="editor-foot row">
      <Saved />
      <span className="spread" />
      {draft !== null && draft.id !== null && (
        <Button kind="quiet" icon={Trash2} onPress={onDelete}>
          {t('notes.delete')}
        </Button>
      )}
      {draft !== null && isChanged && <Button onPress={() => edit(draft.saved)}>{t('notes.discard')}</Button>}
      <Button kind="primary" isDisabled={!isChanged} isPending={isSaving} onPress={() => void save()}>
        {t('notes.save')}
      </Button>
    </div>
  );
}

function Saved(): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  const { draft, isChanged } = useDraft();
  if (isChanged) return <p className="unsaved small">{t('notes.unsaved')}</p>;
  return draft === null || draft.writtenAt === null ? null : (
    <p className="soft small">{t('notes.saved', { ago: ago(draft.writtenAt) })}</p>
  );
}

function Delete({ id, title, onLeave }: { readonly id: number; readonly title: string; onLeave(): void }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const { open } = useDraft();
  const { run, isRunning, failure } = useCommand('notes/delete');
  const remove = async (): Promise<void> => {
    if ((await run({ id })) === 'failed') return;
    announce(t('notes.deleted'));
    open(null);
  };
  return (
    <Confirm
      title={t('notes.deleteTitle')}
      action={t('notes.deleteDo')}
      isDangerous
      isPending={isRunning}
      onLeave={onLeave}
      onConfirm={() => void remove()}
    >
      <p>{t('notes.deleteText', { title: title === '' ? t('notes.untitled') : title })}</p>
      <Problem failure={failure} />
    </Confirm>
  );
}

/** A browser asks before it closes a window with unsaved changes. */
function useWarning(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isChanged]);
}

function titleOf(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 80);
}
