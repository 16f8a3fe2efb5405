import { CircleAlert, CircleCheck, CircleDashed, ShieldCheck, Wrench } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Health } from '../../../main/contract/views.ts';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Page } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { Hero } from '../updates/hero.tsx';
import { Checks } from './checks.tsx';
import { Repair } from './repair.tsx';

/** What was checked here, what was found, and how it is mended. It needs the host only, none of the other pages. */
export function HealthPage(): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const [health, setHealth] = useState<Health | null>(null);
  const [isRepairing, setRepairing] = useState(false);
  const { run, isRunning, failure } = useCommand('health/check');
  const check = async (): Promise<void> => {
    const answer = await run({});
    if (answer === 'failed') return;
    setHealth(answer);
    announce(verdictOn(answer, t));
  };
  const canRepair = health !== null && health.plan.steps.length > 0;
  return (
    <Page title={t('health.title')} intro={t('health.intro')}>
      <Hero
        {...looks[health === null ? 'open' : health.report.findings.length === 0 ? 'good' : 'bad']}
        title={verdictOn(health, t)}
        actions={
          <>
            {canRepair && (
              <Button kind="primary" icon={Wrench} onPress={() => setRepairing(true)}>
                {t('health.repair')}
              </Button>
            )}
            <Button kind={canRepair ? 'plain' : 'primary'} icon={ShieldCheck} isPending={isRunning} onPress={() => void check()}>
              {t(isRunning ? 'health.checking' : 'health.check')}
            </Button>
            <Problem failure={failure} />
          </>
        }
      >
        <p className="soft">{t('health.heroText')}</p>
      </Hero>
      <Checks report={health?.report ?? null} />
      {isRepairing && canRepair && <Repair plan={health.plan} onLeave={() => setRepairing(false)} onMended={() => void check()} />}
    </Page>
  );
}

const looks = {
  open: { icon: CircleDashed, tone: 'neutral' },
  good: { icon: CircleCheck, tone: 'good' },
  bad: { icon: CircleAlert, tone: 'high' },
} as const;

function verdictOn(health: Health | null, t: ReturnType<typeof useWords>['t']): string {
  if (health === null) return t('health.unchecked');
  const count = health.report.findings.length;
  return count === 0 ? t('health.well') : t('health.problems', { count });
}
