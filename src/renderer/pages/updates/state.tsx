import { CircleArrowUp, CircleCheck, CirclePause, CircleX, Clock, RefreshCw, ShieldAlert, Wrench } from 'lucide-react';
import type { ReactNode } from 'react';
import type { OfferView } from '../../../main/contract/views.ts';
import type { Failure } from '../../../updater/model/failure.ts';
import type { UpdateState } from '../../../updater/model/application/state.ts';
import { useTopic } from '../../connection/context.tsx';
import { useDialogs } from '../../dialogs/open.ts';
import { Button } from '../../parts/button.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';
import { CheckNow, LastCheck } from './check.tsx';
import { Hero } from './hero.tsx';
import { Progress } from './progress.tsx';

/** What an update is doing now, and the one thing to do about it. */
export function StateCard(): ReactNode {
  const state = useTopic('update');
  switch (state.kind) {
    case 'idle':
      return <Idle />;
    case 'checking':
      return <Checking />;
    case 'available':
      return <Available version={state.version} />;
    case 'preparing':
      return <Progress state={state} />;
    case 'ready':
      return <Ready state={state} />;
    case 'restarting':
      return <Restarting version={state.version} />;
    case 'confirming':
      return <Confirming state={state} />;
    case 'repairing':
      return <Repairing />;
    case 'failed':
      return <FailedState state={state} />;
    case 'disabled':
      return <Disabled />;
  }
}

function Idle(): ReactNode {
  const { t } = useWords();
  const { product, version, lastCheck } = useTopic('about');
  const offer = useTopic('offer');
  if (offer?.decision.kind === 'skipped') return <Skipped version={offer.version} />;
  if (lastCheck !== null && lastCheck.failure !== null) return <Unreachable version={version} failure={lastCheck.failure} />;
  return (
    <Hero
      icon={CircleCheck}
      tone="good"
      title={lastCheck === null ? t('updates.neverTitle') : t('updates.upToDate')}
      actions={<CheckNow />}
    >
      <p>{lastCheck === null ? t('updates.neverText', { product, version }) : t('updates.upToDateText', { product, version })}</p>
      <LastCheck />
    </Hero>
  );
}

function Skipped({ version }: { readonly version: string }): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={CirclePause} tone="neutral" title={t('updates.skippedTitle', { version })} actions={<CheckNow />}>
      <p>{t('updates.skippedText')}</p>
      <LastCheck />
    </Hero>
  );
}

function Unreachable({ version, failure }: { readonly version: string; readonly failure: Failure }): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={CircleX} tone="warn" title={t('updates.checkFailedTitle')} actions={<CheckNow />}>
      <p>{t(`failure.${failure.code}`)}</p>
      <p>{t('updates.offlineText', { version })}</p>
      <LastCheck />
    </Hero>
  );
}

function Checking(): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={RefreshCw} tone="info" isTurning title={t('updates.checking')}>
      <p>{t('updates.checkingText')}</p>
    </Hero>
  );
}

function Available({ version }: { readonly version: string }): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  const { open } = useDialogs();
  const offer = useTopic('offer');
  const { version: running } = useTopic('about');
  const isBreaking = offer !== null && isUndecided(offer);
  const review = (
    <Button kind="primary" onPress={() => open('prompt')}>
      {t(isBreaking ? 'updates.decide' : 'updates.review')}
    </Button>
  );
  if (offer?.decision.kind === 'later')
    return (
      <Hero icon={Clock} tone="neutral" title={t('updates.laterTitle', { version })} actions={review}>
        <p>{t('updates.laterText', { when: ago(offer.decision.until) })}</p>
      </Hero>
    );
  return (
    <Hero
      icon={CircleArrowUp}
      tone="info"
      title={t(isBreaking ? 'updates.decideTitle' : 'updates.availableTitle', { version })}
      actions={
        <>
          {review}
          <CheckNow />
        </>
      }
    >
      <p>{t('prompt.have', { version: running })}</p>
      <LastCheck />
    </Hero>
  );
}

/** Whether something breaks and nobody said yet what becomes of the data. */
function isUndecided({ breaking }: OfferView): boolean {
  return breaking !== null && breaking.choice === null;
}

function Ready({ state }: { readonly state: Extract<UpdateState, { kind: 'ready' }> }): ReactNode {
  const { t } = useWords();
  const { open } = useDialogs();
  const { product } = useTopic('about');
  const restart = (
    <Button kind="primary" onPress={() => open('restart')}>
      {t('updates.restart')}
    </Button>
  );
  return (
    <Hero icon={CircleCheck} tone="good" title={t('updates.readyTitle', { version: state.version })} actions={restart}>
      <p>{t(`updates.ready.${state.when}`, { product })}</p>
    </Hero>
  );
}

function Restarting({ version }: { readonly version: string }): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={RefreshCw} tone="info" isTurning title={t('updates.restartingTitle', { version })}>
      <p>{t('updates.restartingText')}</p>
    </Hero>
  );
}

function Confirming({ state: { version } }: { readonly state: Extract<UpdateState, { kind: 'confirming' }> }): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={ShieldAlert} tone="info" title={t('progress.confirmNow', { version })}>
      <p>{t('progress.confirmingText', { version })}</p>
    </Hero>
  );
}

function Repairing(): ReactNode {
  const { t } = useWords();
  return (
    <Hero icon={Wrench} tone="info" isTurning={false} title={t('updates.repairingTitle')}>
      <p>{t('updates.repairingText')}</p>
    </Hero>
  );
}

function FailedState({ state: { failure } }: { readonly state: Extract<UpdateState, { kind: 'failed' }> }): ReactNode {
  const { t } = useWords();
  const { version } = useTopic('about');
  return (
    <Hero icon={CircleX} tone="bad" title={t('updates.failedTitle')} actions={<CheckNow />}>
      <p>{t(`failure.${failure.code}`)}</p>
      <p>{t('notice.failedNow', { version })}</p>
      <LastCheck />
    </Hero>
  );
}

function Disabled(): ReactNode {
  const { t } = useWords();
  const { ability, product } = useTopic('about');
  return (
    <Hero icon={CirclePause} tone="neutral" title={t('updates.disabledTitle')}>
      <p>{t(`updates.ability.${ability.kind}`)}</p>
      <p className="soft">{t('updates.manualText', { product })}</p>
      {ability.why !== '' && <p className="soft small">{ability.why}</p>}
    </Hero>
  );
}
