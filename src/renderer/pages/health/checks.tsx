import { CircleAlert, CircleCheck, CircleDashed } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Report } from '../../../updater/model/application/health.ts';
import { CopyButton } from '../../parts/button.tsx';
import { Badge, Fold } from '../../parts/page.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';
import { useRows, type Row } from './rows.ts';

/** Every check with its result, its evidence and its time. */
export function Checks({ report }: { readonly report: Report | null }): ReactNode {
  useMinutes();
  const { t } = useWords();
  return (
    <ul className="card card-flush checks" aria-label={t('health.list')}>
      {useRows(report).map((row) => (
        <Check key={row.name} row={row} />
      ))}
    </ul>
  );
}

const icons = { good: CircleCheck, bad: CircleAlert, open: CircleDashed } as const;

function Check({ row }: { readonly row: Row }): ReactNode {
  const { t, ago } = useWords();
  const { name, verdict, evidence, findings, at } = row;
  const Icon = icons[verdict];
  return (
    <li className="check">
      <Icon size={18} className={`check-${verdict}`} aria-hidden />
      <div className="check-words">
        <h3>
          {name} <span className="hidden">{t(`health.${verdict}`)}</span>
        </h3>
        <p className="soft">
          {evidence}
          {at !== null && <span className="small"> {t('health.checkedAt', { when: ago(at) })}</span>}
        </p>
        {findings.length > 0 && <Findings row={row} />}
      </div>
      <CopyButton isCompact words={t('health.copyRow', { check: name })} text={() => textOf(row)} />
    </li>
  );
}

function Findings({ row: { findings } }: { readonly row: Row }): ReactNode {
  const { t } = useWords();
  return (
    <Fold words={t('health.found', { count: findings.length })} isOpen>
      <ul className="findings">
        {findings.map(({ code, evidence, mends }) => (
          <li key={`${code} ${evidence}`}>
            <span className="row row-tight">
              {t(`finding.${code}`)}
              <Badge tone={mends === null ? 'high' : 'neutral'}>{t(mends === null ? 'health.byHand' : 'health.mendable')}</Badge>
            </span>
            <span className="mono soft">{evidence}</span>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function textOf({ name, verdict, evidence, findings, at }: Row): string {
  return [`${name}: ${verdict}`, evidence, ...findings.map(({ code, evidence }) => `${code} ${evidence}`), at ?? ''].join('\n');
}
