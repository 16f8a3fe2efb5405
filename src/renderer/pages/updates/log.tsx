import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useAnnounce } from '../../parts/announce.tsx';
import { Fold } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import type { Preparing } from './progress.tsx';

interface Entry {
  readonly at: string;
  readonly words: string;
}

/** What this window saw happen, with its times; text that can be selected. */
export function StageLog({ step, words }: { readonly step: string; readonly words: string }): ReactNode {
  const { t, timeOfDay } = useWords();
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  useEffect(() => {
    setEntries((before) => (before.at(-1)?.words === words ? before : [...before.slice(-49), { at: new Date().toISOString(), words }]));
  }, [step, words]);
  return (
    <Fold words={t('progress.log')}>
      <ol className="log numbers" role="log" aria-label={t('progress.log')} aria-live="off">
        {entries.map(({ at, words }) => (
          <li key={`${at} ${words}`}>
            <span className="soft">{timeOfDay(at)}</span> {words}
          </li>
        ))}
      </ol>
    </Fold>
  );
}

const quarter = 0.25;
const leastMs = 10_000;

/** Announces stages and quarters, ten seconds apart at least: a progress bar itself says nothing. */
export function useSaidProgress({ pace: { share } }: Preparing, stage: string): void {
  const { t, percent } = useWords();
  const announce = useAnnounce();
  const said = useRef({ at: 0, stage: '', quarters: 0 });
  useEffect(() => {
    const quarters = Math.floor(share / quarter);
    const isNew = stage !== said.current.stage || quarters > said.current.quarters;
    if (!isNew || Date.now() - said.current.at < leastMs) return;
    const isQuarter = quarters > said.current.quarters;
    said.current = { at: Date.now(), stage, quarters };
    announce(isQuarter ? `${stage}, ${t('progress.said', { percent: percent(quarters * quarter) })}` : stage);
  }, [announce, percent, share, stage, t]);
}
