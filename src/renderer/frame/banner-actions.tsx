import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Banner } from '../../main/contract/views.ts';
import { useTopic } from '../connection/context.tsx';
import { Later } from '../dialogs/later.tsx';
import { useDialogs } from '../dialogs/open.ts';
import { useUpdateNow } from '../dialogs/prompt.tsx';
import { Button, IconButton } from '../parts/button.tsx';
import { useCommand } from '../parts/failure.tsx';
import { useWords } from '../words/words.tsx';
import { goTo } from './route.ts';

/** What can be done about what the banner says. */
export function BannerActions({ banner }: { readonly banner: Banner }): ReactNode {
  return (
    <div className="row row-tight banner-actions">
      <Actions banner={banner} />
    </div>
  );
}

function Actions({ banner }: { readonly banner: Banner }): ReactNode {
  const { t } = useWords();
  switch (banner.kind) {
    case 'offer':
      return banner.level === 'red' ? <UrgentActions /> : <OfferActions banner={banner} />;
    case 'ready':
      return <ReadyActions />;
    case 'managed':
      return <Button onPress={() => goTo('updates')}>{t('banner.howTo')}</Button>;
    case 'recalled':
      return (
        <>
          {banner.back !== null && <Button onPress={() => goTo('history')}>{t('banner.goBack')}</Button>}
          <Dismiss />
        </>
      );
  }
}

function OfferActions({ banner }: { readonly banner: Extract<Banner, { kind: 'offer' }> }): ReactNode {
  const { t } = useWords();
  const { open } = useDialogs();
  return (
    <>
      {banner.level !== 'orange' && (
        <Button kind="quiet" onPress={() => goTo('updates')}>
          {t('banner.whatsNew')}
        </Button>
      )}
      <Button kind="primary" onPress={() => open('prompt')}>
        {t('banner.review')}
      </Button>
      {banner.level === 'subtle' ? <Dismiss /> : <Later version={banner.version} words={t('later.later')} then={focusPage} />}
    </>
  );
}

function UrgentActions(): ReactNode {
  const { t } = useWords();
  const { open } = useDialogs();
  const { run } = useUpdateNow(useTopic('offer'));
  return (
    <>
      <Button kind="quiet" onPress={() => open('prompt')}>
        {t('banner.details')}
      </Button>
      <Button kind="primary" onPress={() => void run()}>
        {t('banner.updateNow')}
      </Button>
    </>
  );
}

function ReadyActions(): ReactNode {
  const { t } = useWords();
  const state = useTopic('update');
  const { open } = useDialogs();
  const { run } = useCommand('updates/restart');
  const isCounting = state.kind === 'ready' && state.restartAt !== null;
  const isAway = state.kind === 'ready' && state.when === 'away';
  return (
    <>
      {isCounting && <Button onPress={() => void run({ when: 'not-now' })}>{t('banner.notNow')}</Button>}
      {!isCounting && !isAway && (
        <Button kind="quiet" onPress={() => void run({ when: 'away' })}>
          {t('banner.whenAway')}
        </Button>
      )}
      <Button kind="primary" onPress={() => open('restart')}>
        {t('banner.restartNow')}
      </Button>
      {!isCounting && <Dismiss />}
    </>
  );
}

function Dismiss(): ReactNode {
  const { t } = useWords();
  const { run } = useCommand('banner/dismiss');
  const dismiss = async (): Promise<void> => {
    if ((await run({})) !== 'failed') focusPage();
  };
  return <IconButton icon={X} label={t('frame.dismiss')} onPress={() => void dismiss()} />;
}

/** The banner is gone with its buttons: whoever was on one of them is now at the page. */
function focusPage(): void {
  document.querySelector('h1')?.focus();
}
