import { useState, type ReactNode } from 'react';
import type { Note } from '../../../main/contract/notes.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useWords } from '../../words/words.tsx';
import { useDraft } from './draft.tsx';

type Target = Note | 'new' | null;

/** The way from one note to another: what is not saved is asked about first, by the `question`. */
export function useLeave(): { leaveTo(target: Target): void; readonly question: ReactNode } {
  const { isChanged, open } = useDraft();
  const [asked, setAsked] = useState<{ readonly target: Target } | null>(null);
  const leaveTo = (target: Target): void => (isChanged ? setAsked({ target }) : open(target));
  return { leaveTo, question: asked === null ? null : <Question target={asked.target} onDone={() => setAsked(null)} /> };
}

function Question({ target, onDone }: { readonly target: Target; onDone(): void }): ReactNode {
  const { t } = useWords();
  const { open, save, isSaving } = useDraft();
  const leave = (): void => {
    open(target);
    onDone();
  };
  const saveFirst = async (): Promise<void> => {
    if (await save()) leave();
    else onDone();
  };
  const footer = (
    <>
      <Button autoFocus onPress={onDone}>
        {t('frame.cancel')}
      </Button>
      <span className="spread" />
      <Button onPress={leave}>{t('notes.discard')}</Button>
      <Button kind="primary" isPending={isSaving} onPress={() => void saveFirst()}>
        {t('notes.save')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('notes.leaveTitle')} isAlert onLeave={onDone} footer={footer}>
      <p>{t('notes.leaveText')}</p>
    </Dialog>
  );
}
