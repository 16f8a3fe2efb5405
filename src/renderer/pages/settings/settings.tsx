import { Lock } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTopic } from '../../connection/context.tsx';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Page } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { KeepSection, NetworkSection, WindowSection } from './other-sections.tsx';
import { UpdateSection, WhenSection } from './update-sections.tsx';

/** Every preference; each applies at once and has its twin on the command line. */
export function SettingsPage(): ReactNode {
  const { t } = useWords();
  const { managed, policyFile } = useTopic('preferences');
  const [isResetting, setResetting] = useState(false);
  return (
    <Page title={t('settings.title')} intro={t('settings.intro')}>
      {managed.length > 0 && (
        <p className="caution">
          <Lock size={16} aria-hidden />
          <span>{policyFile === null ? t('settings.managed') : t('settings.managedBy', { file: policyFile })}</span>
        </p>
      )}
      <UpdateSection />
      <WhenSection />
      <KeepSection />
      <WindowSection />
      <NetworkSection />
      <div className="row">
        <Button onPress={() => setResetting(true)}>{t('settings.reset')}</Button>
      </div>
      {isResetting && <Reset onLeave={() => setResetting(false)} />}
    </Page>
  );
}

function Reset({ onLeave }: { onLeave(): void }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const { values, managed } = useTopic('preferences');
  const { run, isRunning, failure } = useCommand('prefs/reset');
  const names = namesOf(values).filter((name) => !managed.includes(name));
  const reset = async (): Promise<void> => {
    if ((await run({ names })) === 'failed') return;
    announce(t('settings.resetDone'));
    onLeave();
  };
  return (
    <Confirm
      title={t('settings.resetTitle')}
      action={t('settings.resetDo')}
      isDangerous
      isPending={isRunning}
      onLeave={onLeave}
      onConfirm={() => void reset()}
    >
      <p>{t('settings.resetText')}</p>
      <Problem failure={failure} />
    </Confirm>
  );
}

function namesOf<Values extends object>(values: Values): (keyof Values)[] {
  return parseKeys<Values>(Object.keys(values));
}

/** The host sends preferences and nothing else. */
function parseKeys<Values>(keys: readonly string[]): (keyof Values)[] {
  return keys as (keyof Values)[];
}
