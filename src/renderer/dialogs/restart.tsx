import { TriangleAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { UpdateState } from '../../updater/model/application/state.ts';
import { useTopic } from '../connection/context.tsx';
import { useDraft } from '../pages/notes/draft.tsx';
import { Button } from '../parts/button.tsx';
import { Radios } from '../parts/choice.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Problem, useCommand } from '../parts/failure.tsx';
import { useWords } from '../words/words.tsx';
import { useDialogs } from './open.ts';

type Ready = Extract<UpdateState, { kind: 'ready' }>;
const moments = ['now', 'quit', 'away'] as const;

/** When a version that is ready takes over. */
export function Restart({ state }: { readonly state: Ready }): ReactNode {
  const { t, span } = useWords();
  const { close } = useDialogs();
  const offer = useTopic('offer');
  const { version } = useTopic('about');
  const [when, setWhen] = useState<(typeof moments)[number]>('now');
  const { run, isRunning, failure } = useCommand('updates/restart');
  const confirm = async (): Promise<void> => {
    if ((await run({ when })) !== 'failed') close();
  };
  const action = { now: t('restart.confirmNow'), quit: t('restart.confirmQuit'), away: t('restart.confirmAway') }[when];
  const footer = (
    <>
      <span className="spread" />
      <Button onPress={close}>{t('frame.cancel')}</Button>
      <Button kind="primary" isPending={isRunning} onPress={() => void confirm()}>
        {action}
      </Button>
    </>
  );
  const time = span(offer?.seconds.restart ?? 5);
  return (
    <Dialog title={t('restart.title')} onLeave={close} footer={footer}>
      <p>{t('restart.text', { version: state.version, from: version, time })}</p>
      <Unsaved />
      <Radios
        label={t('restart.when')}
        value={when}
        options={moments.map((id) => ({ id, words: t(`restart.${id}`) }))}
        onChoose={setWhen}
      />
      <Problem failure={failure} />
    </Dialog>
  );
}

/** What a restart would lose, and the way to keep it. */
function Unsaved(): ReactNode {
  const { t } = useWords();
  const { reasons } = useTopic('busy');
  const { isChanged, save } = useDraft();
  return (
    <>
      {(isChanged || reasons.includes('unsaved')) && (
        <div className="caution">
          <TriangleAlert size={16} aria-hidden />
          <p>{t('restart.unsaved')}</p>
          {isChanged && <Button onPress={() => void save()}>{t('restart.save')}</Button>}
        </div>
      )}
      {reasons.includes('job') && (
        <div className="caution">
          <TriangleAlert size={16} aria-hidden />
          <p>{t('restart.job')}</p>
        </div>
      )}
    </>
  );
}
