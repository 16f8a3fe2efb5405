import { Link2Off, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTopic } from '../connection/context.tsx';
import { useWords } from '../words/words.tsx';

/** What stands over everything while the application is not there: during a restart, or because it ended. */
export function Gone(): ReactNode {
  const { t } = useWords();
  const state = useTopic('update');
  const version = state.kind === 'restarting' || (state.kind === 'ready' && state.when === 'now') ? state.version : null;
  return (
    <div className="gone" role="alertdialog" aria-modal="true" aria-labelledby="gone-title" aria-describedby="gone-text">
      <div className="gone-card">
        {version === null ? <Link2Off size={28} aria-hidden /> : <RotateCw size={28} className="turning" aria-hidden />}
        <h2 id="gone-title">{version === null ? t('frame.lostTitle') : t('frame.restartingTitle', { version })}</h2>
        <p className="soft" id="gone-text">
          {t(version === null ? 'frame.lost' : 'frame.restarting')}
        </p>
      </div>
    </div>
  );
}

/** The whole window when nobody let it in. */
export function NoWay(): ReactNode {
  const { t } = useWords();
  return (
    <main className="gone">
      <div className="gone-card">
        <Link2Off size={28} aria-hidden />
        <h1>{t('frame.noWayTitle')}</h1>
        <p className="soft">{t('frame.noWay')}</p>
      </div>
    </main>
  );
}
