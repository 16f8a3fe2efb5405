import type { ReactNode } from 'react';
import { ProgressBar } from 'react-aria-components';
import type { UpdateState } from '../../../updater/model/application/state.ts';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { useWords, type Words } from '../../words/words.tsx';
import { StageLog, useSaidProgress } from './log.tsx';
import { Stages } from './stages.tsx';

export type Preparing = Extract<UpdateState, { kind: 'preparing' }>;

/** How far an update is: its stages, one bar for all of it, and the way to pause or stop it. */
export function Progress({ state }: { readonly state: Preparing }): ReactNode {
  const words = useWords();
  const { t, percent } = words;
  const { pace, progress, version } = state;
  const now = stageNow(state, words);
  const share = percent(pace.share);
  useSaidProgress(state, now);
  return (
    <section className="card progress" aria-labelledby="progress-title">
      <h2 id="progress-title">{t('progress.title', { version })}</h2>
      <Stages step={progress.step} />
      <div className="stack">
        <p className="progress-now">
          <span>{now}</span>
          <span className="numbers progress-share">{share}</span>
        </p>
        <ProgressBar
          aria-label={t('progress.overall')}
          value={pace.share * 100}
          valueLabel={t('progress.value', { percent: share, stage: now })}
          className={state.isPaused ? 'bar bar-paused' : 'bar'}
        >
          <Bar share={pace.share} />
        </ProgressBar>
        <p className="soft numbers progress-facts">
          {facts(state, words).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </div>
      <Controls state={state} />
      <StageLog step={progress.step} words={now} />
    </section>
  );
}

function Bar({ share }: { readonly share: number }): ReactNode {
  return (
    <svg className="bar-picture" aria-hidden>
      <rect className="bar-track" width="100%" height="100%" rx="4" />
      <rect className="bar-fill" width={`${(share * 100).toFixed(2)}%`} height="100%" rx="4" />
    </svg>
  );
}

function Controls({ state }: { readonly state: Preparing }): ReactNode {
  const { t } = useWords();
  const pause = useCommand('updates/pause');
  const resume = useCommand('updates/resume');
  const cancel = useCommand('updates/cancel');
  return (
    <div className="row">
      <p className="soft">{t(state.isPaused ? 'progress.paused' : 'progress.keepWorking')}</p>
      <span className="spread" />
      <Problem failure={pause.failure ?? resume.failure ?? cancel.failure} />
      <div className="row row-tight">
        {state.isPaused ? (
          <Button kind="primary" onPress={() => void resume.run({})}>
            {t('progress.resume')}
          </Button>
        ) : (
          <Button onPress={() => void pause.run({})}>{t('progress.pause')}</Button>
        )}
        <Button isPending={cancel.isRunning} onPress={() => void cancel.run({})}>
          {t('progress.cancel')}
        </Button>
      </div>
    </div>
  );
}

function stageNow({ progress: { step }, version, isPaused, pace }: Preparing, { t }: Words): string {
  if (isPaused) return t('progress.pausedNow');
  if (pace.isStalled) return t('progress.stalled');
  return t(`progress.${step}Now`, { version });
}

/** Amount, speed and time left: only what is known, and nothing while it rests. */
function facts({ progress, pace, isPaused }: Preparing, { t, bytes, span }: Words): readonly string[] {
  const { doneBytes, totalBytes } = progress;
  const amount =
    totalBytes === null
      ? t('progress.bytesOnly', { done: bytes(doneBytes) })
      : t('progress.bytes', { done: bytes(doneBytes), total: bytes(totalBytes) });
  if (isPaused || pace.isStalled) return [amount];
  const speed = pace.bytesPerSecond === null ? [] : [t('progress.speed', { speed: bytes(pace.bytesPerSecond) })];
  if (pace.secondsLeft === null) return [amount, ...speed];
  return [amount, ...speed, pace.secondsLeft < 5 ? t('progress.fewLeft') : t('progress.left', { time: span(pace.secondsLeft) })];
}
