import { useEffect, useState, type ReactNode } from 'react';
import { useLink, useTopic } from '../connection/context.tsx';
import { useMinutes, useWords } from '../words/words.tsx';

/** The line at the foot of every page: what runs, and what updates are doing. */
export function Status(): ReactNode {
  const { t } = useWords();
  const { version, channel, host, isSafe } = useTopic('about');
  const { link } = useLink();
  const doing = useDoing();
  return (
    <footer className="status" aria-label={t('frame.status')}>
      <p className="numbers">
        <span>{version}</span>
        <span>{channel}</span>
        <span>{link === 'lost' ? t('status.lost') : doing}</span>
        {isSafe && <span>{t('frame.safe')}</span>}
      </p>
      <p>{t('status.host', { host })}</p>
    </footer>
  );
}

/** What updates are doing, in half a line. */
function useDoing(): string {
  useMinutes();
  const { t, percent, ago } = useWords();
  const state = useTopic('update');
  const { lastCheck } = useTopic('about');
  switch (state.kind) {
    case 'idle':
      if (lastCheck === null) return t('status.neverChecked');
      return t(lastCheck.failure === null ? 'status.upToDate' : 'status.checkFailed', { ago: ago(lastCheck.at) });
    case 'preparing':
      if (state.isPaused) return t('status.paused', { version: state.version });
      return t('status.preparing', { version: state.version, percent: percent(state.pace.share) });
    case 'available':
    case 'ready':
    case 'restarting':
    case 'confirming':
      return t(`status.${state.kind}`, { version: state.version });
    case 'checking':
    case 'repairing':
    case 'failed':
    case 'disabled':
      return t(`status.${state.kind}`);
  }
}

/** Whole seconds until a moment, counted down while it is shown; 0 afterwards. */
export function useCountdown(until: string | null): number {
  const [now, tick] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return;
    tick(Date.now());
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
}
