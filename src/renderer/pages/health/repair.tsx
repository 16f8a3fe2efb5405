import { CircleCheck } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Mended } from '../../../main/contract/views.ts';
import type { RepairPlan, RepairStep } from '../../../updater/model/application/health.ts';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { useWords, type Words } from '../../words/words.tsx';

interface RepairProps {
  readonly plan: RepairPlan;
  onLeave(): void;
  /** Something was mended: what is shown is no longer true. */
  onMended(): void;
}

/** Shows what a repair would do, does it when asked, and says what came of it. */
export function Repair({ plan, onLeave, onMended }: RepairProps): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const [mended, setMended] = useState<Mended | null>(null);
  const { run, isRunning, failure } = useCommand('health/repair');
  const repair = async (): Promise<void> => {
    const answer = await run({});
    if (answer === 'failed') return;
    setMended(answer);
    announce(t(answer.report.findings.length === 0 ? 'health.mendedAll' : 'health.mendedSome', { count: answer.report.findings.length }));
  };
  const leave = (): void => {
    onLeave();
    if (mended !== null) onMended();
  };
  const footer =
    mended === null ? (
      <>
        <Button autoFocus onPress={leave}>
          {t('frame.cancel')}
        </Button>
        <Button kind="primary" isPending={isRunning} onPress={() => void repair()}>
          {t(isRunning ? 'health.repairing' : 'health.repairNow')}
        </Button>
      </>
    ) : (
      <Button kind="primary" autoFocus onPress={leave}>
        {t('frame.ok')}
      </Button>
    );
  return (
    <Dialog isAlert title={t('health.repairTitle')} onLeave={leave} footer={footer}>
      {mended === null ? <Plan plan={plan} /> : <Result mended={mended} />}
      <Problem failure={failure} />
    </Dialog>
  );
}

function Plan({ plan: { steps, left } }: { readonly plan: RepairPlan }): ReactNode {
  const words = useWords();
  const { t } = words;
  return (
    <>
      <p>{t('health.planIntro')}</p>
      <ul className="bullets">
        {steps
          .flatMap((step) => sentencesFor(step, words))
          .map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
      </ul>
      {left.length > 0 && <p className="caution">{t('health.planLeft', { count: left.length })}</p>}
    </>
  );
}

function sentencesFor(step: RepairStep, { t }: Words): readonly string[] {
  if (step.kind === 'recover') return [t('health.planRecover')];
  const { files, extra, modes, rewrite, isOpen } = step;
  return [
    ...(files.length > 0 ? [t('health.planFiles', { count: files.length })] : []),
    ...(extra.length > 0 ? [t('health.planExtra', { count: extra.length })] : []),
    ...(modes.length > 0 || isOpen ? [t('health.planModes')] : []),
    ...(rewrite ? [t('health.planRewrite')] : []),
  ];
}

function Result({ mended: { report, fromHere, fetched, fetchedBytes, failures } }: { readonly mended: Mended }): ReactNode {
  const { t, bytes } = useWords();
  const count = report.findings.length;
  return (
    <>
      <p className={count === 0 ? 'success' : 'caution'}>
        <CircleCheck size={16} aria-hidden />
        <span>{t(count === 0 ? 'health.mendedAll' : 'health.mendedSome', { count })}</span>
      </p>
      <ul className="bullets">
        {fromHere > 0 && <li>{t('health.fromHere', { count: fromHere })}</li>}
        {fetched > 0 && <li>{t('health.fetched', { count: fetched, size: bytes(fetchedBytes) })}</li>}
      </ul>
      {failures.map((failure) => (
        <Problem key={failure.detail} failure={failure} />
      ))}
    </>
  );
}
