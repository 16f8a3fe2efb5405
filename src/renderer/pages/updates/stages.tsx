import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Step } from '../../../updater/model/job.ts';
import { useWords } from '../../words/words.tsx';

/** What a person is shown of an update's steps; `ready`, `restart` and `confirm` come after everything that can be stopped. */
const stages = ['check', 'download', 'build', 'verify', 'ready', 'restart', 'confirm'] as const;

const stageOf: Readonly<Record<Step, number>> = { check: 0, download: 1, build: 2, verify: 3, switch: 4, confirm: 6 };

/** The stages of an update in their order; the present one is marked. */
export function Stages({ step }: { readonly step: Step }): ReactNode {
  const { t } = useWords();
  const current = stageOf[step];
  return (
    <ol className="stages" aria-label={t('progress.stages')}>
      {stages.map((stage, index) => (
        <li
          key={stage}
          className={index < current ? 'stage stage-done' : index === current ? 'stage stage-now' : 'stage'}
          {...(index === current ? { 'aria-current': 'step' as const } : {})}
        >
          <span className="stage-mark" aria-hidden>
            {index < current && <Check size={12} strokeWidth={3} />}
          </span>
          <span>
            {t(`progress.${stage}`)}
            {index < current && <span className="hidden"> {t('progress.done')}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
