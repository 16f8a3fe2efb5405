import { ShieldCheck, Sparkles, Wrench } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { OfferView } from '../../main/contract/views.ts';
import { useTopic } from '../connection/context.tsx';
import { goTo } from '../frame/route.ts';
import { useAnnounce } from '../parts/announce.tsx';
import { Button } from '../parts/button.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { Problem, useCommand } from '../parts/failure.tsx';
import { Badge, type Tone } from '../parts/page.tsx';
import { ReleaseNotes } from '../parts/release-notes.tsx';
import { useWords } from '../words/words.tsx';
import { Later, usePutOff } from './later.tsx';
import { OfferFacts } from './offer-facts.tsx';
import { useDialogs } from './open.ts';

/** What a version brings and asks for, and the person's four answers. `isUncalled`: it came by itself, so that a stray Enter must do nothing. */
export function Prompt({ offer, isUncalled }: { readonly offer: OfferView; readonly isUncalled: boolean }): ReactNode {
  const { t } = useWords();
  const banner = useTopic('banner');
  const { close } = useDialogs();
  const putOff = usePutOff(offer.version);
  const [isAlways, setAlways] = useState(false);
  const isRed = banner?.kind === 'offer' && banner.level === 'red';
  const leave = (): void => {
    close();
    if (isUncalled || !isRed) void putOff(24);
  };
  if (isAlways) return <Always offer={offer} onLeave={() => setAlways(false)} />;
  return (
    <Dialog
      isWide
      title={t(isRed ? 'prompt.titleRed' : 'prompt.title', { version: offer.version })}
      aside={t('prompt.have', { version: offer.from })}
      onLeave={leave}
      footer={<Answers offer={offer} isRed={isRed} isUncalled={isUncalled} onAlways={() => setAlways(true)} onLeave={leave} />}
    >
      <Changes offer={offer} />
      <OfferFacts offer={offer} />
      <section className="stack">
        <h3>{t('prompt.news')}</h3>
        <ReleaseNotes notes={offer.notes} isFolded />
      </section>
      {isRed ? <p className="consequence">{t('prompt.consequence')}</p> : <p className="soft">{t('prompt.restorePoint')}</p>}
    </Dialog>
  );
}

/** What kinds of changes there are, and how many of each. */
export function Changes({ offer: { changes, risk } }: { readonly offer: OfferView }): ReactNode {
  const { t } = useWords();
  const { security, fixes, features } = changes;
  return (
    <p className="row row-tight">
      {security > 0 && (
        <Badge tone="info" icon={ShieldCheck}>
          {t('prompt.security', { count: security })}
        </Badge>
      )}
      {fixes > 0 && (
        <Badge tone="neutral" icon={Wrench}>
          {t('prompt.fixes', { count: fixes })}
        </Badge>
      )}
      {features > 0 && (
        <Badge tone="neutral" icon={Sparkles}>
          {t('prompt.features', { count: features })}
        </Badge>
      )}
      <Badge tone={riskTones[risk]}>{t('prompt.riskIs', { risk: t(`risk.${risk}`) })}</Badge>
    </p>
  );
}

const riskTones: Readonly<Record<OfferView['risk'], Tone>> = { low: 'good', medium: 'warn', high: 'high' };

interface AnswersProps {
  readonly offer: OfferView;
  readonly isRed: boolean;
  readonly isUncalled: boolean;
  onAlways(): void;
  onLeave(): void;
}

function Answers({ offer, isRed, isUncalled, onAlways, onLeave }: AnswersProps): ReactNode {
  const { t } = useWords();
  const { close } = useDialogs();
  const announce = useAnnounce();
  const { version } = offer;
  const { run, failure } = useCommand('updates/decide');
  const updateNow = useUpdateNow(offer);
  const skip = async (): Promise<void> => {
    if ((await run({ version, decision: 'skip' })) === 'failed') return;
    announce(t('prompt.skipped', { version }));
    close();
  };
  return (
    <>
      <Problem failure={failure ?? updateNow.failure} />
      {!isRed && offer.canBeSkipped && (
        <Button kind="quiet" onPress={() => void skip()}>
          {t('prompt.skip')}
        </Button>
      )}
      {isRed && (
        <Button kind="quiet" onPress={onLeave}>
          {t('prompt.continueOld')}
        </Button>
      )}
      <span className="spread" />
      <Button kind="quiet" onPress={onAlways}>
        {t('prompt.always')}
      </Button>
      {!isRed && <Later version={version} words={t('later.remind')} then={close} />}
      <UpdateNow words={t('prompt.updateNow')} isFocused={!isUncalled} onPress={() => void updateNow.run()} />
    </>
  );
}

function UpdateNow({ words, isFocused, onPress }: { readonly words: string; readonly isFocused: boolean; onPress(): void }): ReactNode {
  return (
    <Button kind="primary" autoFocus={isFocused} onPress={onPress}>
      {words}
    </Button>
  );
}

/** Begins the update; where something breaks, that is asked first. */
export function useUpdateNow(
  offer: OfferView | null,
): Pick<ReturnType<typeof useCommand<'updates/decide'>>, 'failure'> & { run(): Promise<void> } {
  const { open, close } = useDialogs();
  const { run, failure } = useCommand('updates/decide');
  return {
    failure,
    run: async () => {
      if (offer === null) return;
      if (offer.breaking !== null && offer.breaking.choice === null) return open('breaking');
      if ((await run({ version: offer.version, decision: 'now' })) === 'failed') return;
      close();
      goTo('updates');
    },
  };
}

function Always({ offer, onLeave }: { readonly offer: OfferView; onLeave(): void }): ReactNode {
  const { t } = useWords();
  const { open, close } = useDialogs();
  const { run, isRunning, failure } = useCommand('updates/decide');
  const always = async (): Promise<void> => {
    if (offer.breaking !== null && offer.breaking.choice === null) return open('breaking');
    if ((await run({ version: offer.version, decision: 'always' })) === 'failed') return;
    close();
    goTo('updates');
  };
  return (
    <Confirm
      title={t('prompt.alwaysTitle')}
      action={t('prompt.alwaysYes')}
      isPending={isRunning}
      onLeave={onLeave}
      onConfirm={() => void always()}
    >
      <p>{t('prompt.alwaysText', { version: offer.version })}</p>
      <Problem failure={failure} />
    </Confirm>
  );
}
