import { RefreshCw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { CheckAnswer } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { useMinutes, useWords } from '../../words/words.tsx';

/** Asks for a newer version; whoever asks always gets an answer. */
export function CheckNow(): ReactNode {
  const { t, moment } = useWords();
  const announce = useAnnounce();
  const { run, isRunning, failure } = useCommand('updates/check');
  const [answer, setAnswer] = useState<CheckAnswer | null>(null);
  const sentenceOf = (given: CheckAnswer): string | null => {
    switch (given.kind) {
      case 'none':
        return t('updates.answer.none', { version: given.version });
      case 'stale':
        return t('updates.answer.stale', { since: moment(given.since) });
      case 'failed':
        return t(`failure.${given.failure.code}`);
      case 'available':
        return t('updates.availableTitle', { version: given.version });
    }
  };
  const check = async (): Promise<void> => {
    const given = await run({});
    if (given === 'failed') return;
    setAnswer(given);
    const sentence = sentenceOf(given);
    if (sentence !== null) announce(sentence);
  };
  const shown = answer === null || answer.kind === 'available' ? null : sentenceOf(answer);
  return (
    <>
      <Button icon={RefreshCw} isPending={isRunning} onPress={() => void check()}>
        {t('updates.check')}
      </Button>
      {shown !== null && !isRunning && <p className="answer soft">{shown}</p>}
      <Problem failure={failure} />
    </>
  );
}

/** When it was last looked for a newer version, and when it is again. */
export function LastCheck(): ReactNode {
  useMinutes();
  const { t, ago } = useWords();
  const { lastCheck, nextCheck } = useTopic('about');
  return (
    <p className="soft small">
      {lastCheck === null ? t('updates.never') : t('updates.lastCheck', { when: ago(lastCheck.at) })}{' '}
      {nextCheck !== null && t('updates.nextCheck', { when: ago(nextCheck) })}
    </p>
  );
}
