import { CircleX, DatabaseBackup, PartyPopper, Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Notice } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { Button, CopyButton } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Fold } from '../../parts/page.tsx';
import { ReleaseNotes } from '../../parts/release-notes.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';
import { NoticeFrame } from './notice-frame.tsx';

/** Something that happened: what, where the person is now, what comes next, what can be done. */
export function NoticeCard({ notice }: { readonly notice: Notice }): ReactNode {
  switch (notice.kind) {
    case 'updated':
      return <Updated notice={notice} />;
    case 'failed':
      return <FailedNotice notice={notice} />;
    case 'taken-back':
      return <TakenBack notice={notice} />;
    case 'ledger-rebuilt':
      return <LedgerRebuilt notice={notice} />;
  }
}

type Of<Kind extends Notice['kind']> = { readonly notice: Extract<Notice, { kind: Kind }> };

function Updated({ notice }: Of<'updated'>): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  return (
    <NoticeFrame id={notice.id} icon={PartyPopper} tone="good" title={t('notice.updatedTitle', { version: notice.version })}>
      <p>{t('notice.updatedText', { from: notice.from, when: ago(notice.at) })}</p>
      <Fold words={t('notice.whatsNew')}>
        <ReleaseNotes notes={notice.notes} />
      </Fold>
    </NoticeFrame>
  );
}

function FailedNotice({ notice }: Of<'failed'>): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  const { version } = useTopic('about');
  const { failure, attempts, nextTry } = notice;
  const again = useCommand('updates/retry');
  const check = useCommand('updates/check');
  const tryAgain = (): void => void (notice.version === null ? check.run({}) : again.run({ version: notice.version }));
  const actions = (
    <>
      <Button kind="primary" isPending={again.isRunning || check.isRunning} onPress={tryAgain}>
        {t('notice.tryAgain')}
      </Button>
      <CopyButton words={t('notice.copyReport')} text={() => reportOf(notice, version)} />
    </>
  );
  return (
    <NoticeFrame
      id={notice.id}
      icon={CircleX}
      tone="bad"
      title={t(notice.version === null ? 'notice.failedCheckTitle' : 'notice.failedTitle')}
      actions={actions}
    >
      <p>{t('notice.failedNow', { version })}</p>
      <p>
        {t(`failure.${failure.code}`)} <code className="soft">{failure.code}</code>
      </p>
      <p>
        {t('notice.attempts', { count: attempts })} {nextTry === null ? t('notice.nextNever') : t('notice.nextTry', { when: ago(nextTry) })}
      </p>
      <Fold words={t('frame.technical')}>
        <p className="mono soft">{failure.detail}</p>
      </Fold>
      <Problem failure={again.failure ?? check.failure} />
    </NoticeFrame>
  );
}

function TakenBack({ notice }: Of<'taken-back'>): ReactNode {
  const { t } = useWords();
  const { version, running, failure, hasData } = notice;
  const again = useCommand('updates/retry');
  const actions = (
    <>
      <Button isPending={again.isRunning} onPress={() => void again.run({ version })}>
        {t('notice.retry', { version })}
      </Button>
      <CopyButton words={t('notice.copyReport')} text={() => reportOf(notice, running)} />
    </>
  );
  return (
    <NoticeFrame id={notice.id} icon={Undo2} tone="warn" title={t('notice.backTitle', { version: running })} actions={actions}>
      <p>
        {t('notice.backNow', { version })} {hasData && t('notice.backData', { version })}
      </p>
      <p>{t('notice.hold', { version })}</p>
      <Fold words={t('notice.whatHappened')}>
        <p>
          {t(`failure.${failure.code}`)} <code className="soft">{failure.code}</code>
        </p>
        <p className="mono soft">{failure.detail}</p>
      </Fold>
      <Problem failure={again.failure} />
    </NoticeFrame>
  );
}

function LedgerRebuilt({ notice }: Of<'ledger-rebuilt'>): ReactNode {
  const { t } = useWords();
  return (
    <NoticeFrame id={notice.id} icon={DatabaseBackup} tone="warn" title={t('notice.ledgerTitle')}>
      <p>{t('notice.ledgerText')}</p>
      <p className="soft">{t('notice.ledgerFile', { file: notice.setAside })}</p>
    </NoticeFrame>
  );
}

/** What support asks for; no paths of this machine, nothing of the person's. */
function reportOf({ version, failure, at }: Extract<Notice, { kind: 'failed' | 'taken-back' }>, running: string): string {
  return [`running: ${running}`, `update: ${version ?? '-'}`, `at: ${at}`, `code: ${failure.code}`, `detail: ${failure.detail}`].join('\n');
}
