import { CircleAlert, CircleCheck, CircleDashed, ShieldCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, CopyButton } from '../../parts/button.tsx';
import { Problem } from '../../parts/failure.tsx';
import { Fold, Page } from '../../parts/page.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';
import { useProvenance } from '../about/verify.tsx';
import { Hero } from '../updates/hero.tsx';
import { useFindings, type Finding } from './findings.ts';

/** What was checked here, and what was found. It needs the host only, none of the other pages. */
export function HealthPage(): ReactNode {
  useMinutes();
  const { t } = useWords();
  const { provenance, isRunning, failure, verify } = useProvenance({ atOnce: false });
  const findings = useFindings(provenance);
  const bad = findings.filter(({ verdict }) => verdict === 'bad').length;
  const check = (
    <Button kind="primary" icon={ShieldCheck} isPending={isRunning} onPress={verify}>
      {t(isRunning ? 'health.checking' : 'health.checkFiles')}
    </Button>
  );
  const title = bad > 0 ? t('health.problems', { count: bad }) : provenance === null ? t('health.unchecked') : t('health.well');
  return (
    <Page title={t('health.title')} intro={t('health.intro')}>
      <Hero
        icon={bad > 0 ? CircleAlert : provenance === null ? CircleDashed : CircleCheck}
        tone={bad > 0 ? 'high' : provenance === null ? 'neutral' : 'good'}
        title={title}
        actions={check}
      >
        <p className="soft">{t('health.heroText')}</p>
        <Problem failure={failure} />
      </Hero>
      <ul className="card card-flush checks" aria-label={t('health.list')}>
        {findings.map((finding) => (
          <Check key={finding.name} finding={finding} />
        ))}
      </ul>
      {provenance !== null && provenance.damaged.length > 0 && (
        <Fold words={t('health.damaged')}>
          <ul className="bullets mono">
            {provenance.damaged.map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
        </Fold>
      )}
    </Page>
  );
}

const icons = { good: CircleCheck, bad: CircleAlert, open: CircleDashed } as const;

function Check({ finding: { name, verdict, evidence, at } }: { readonly finding: Finding }): ReactNode {
  const { t, ago } = useWords();
  const Icon = icons[verdict];
  const when = at === null ? '' : t('health.checkedAt', { when: ago(at) });
  return (
    <li className="check">
      <Icon size={18} className={`check-${verdict}`} aria-hidden />
      <div className="check-words">
        <h3>
          {name} <span className="hidden">{t(`health.${verdict}`)}</span>
        </h3>
        <p className="soft">{evidence}</p>
        {when !== '' && <p className="soft small">{when}</p>}
      </div>
      <CopyButton
        words={t('frame.copy')}
        label={t('health.copyRow', { check: name })}
        text={() => `${name}: ${verdict}\n${evidence}\n${at ?? ''}`}
      />
    </li>
  );
}
