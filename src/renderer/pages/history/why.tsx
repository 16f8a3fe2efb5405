import type { ReactNode } from 'react';
import type { HistoryRow } from '../../../main/contract/views.ts';
import { Button, CopyButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useWords } from '../../words/words.tsx';

/** Why a version was taken back. */
export function Why({ row: { version, failure, createdAt }, onLeave }: { readonly row: HistoryRow; onLeave(): void }): ReactNode {
  const { t, moment } = useWords();
  const footer = (
    <>
      {failure !== null && <CopyButton words={t('notice.copyReport')} text={() => `${version}\n${failure.code}\n${failure.detail}`} />}
      <span className="spread" />
      <Button kind="primary" autoFocus onPress={onLeave}>
        {t('frame.ok')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('history.reasonOf', { version })} aside={moment(createdAt)} onLeave={onLeave} footer={footer}>
      {failure === null ? (
        <p className="soft">{t('history.unknown')}</p>
      ) : (
        <>
          <p>
            {t(`failure.${failure.code}`)} <code className="soft">{failure.code}</code>
          </p>
          <p className="mono soft">{failure.detail}</p>
        </>
      )}
    </Dialog>
  );
}
