import type { ReactNode } from 'react';
import { useTopic } from '../../connection/context.tsx';
import { Page } from '../../parts/page.tsx';
import { ReleaseNotes } from '../../parts/release-notes.tsx';
import { Changes } from '../../dialogs/prompt.tsx';
import { OfferFacts } from '../../dialogs/offer-facts.tsx';
import { useWords } from '../../words/words.tsx';
import { NoticeCard } from './notice.tsx';
import { StateCard } from './state.tsx';

/** What an update is doing, what is on offer, and what is still to be told. */
export function UpdatesPage(): ReactNode {
  const { t } = useWords();
  const offer = useTopic('offer');
  const [, ...others] = useTopic('notices');
  return (
    <Page title={t('updates.title')}>
      <StateCard />
      {others.length > 0 && (
        <section className="stack" aria-labelledby="what-happened">
          <h2 id="what-happened">{t('updates.noticesTitle')}</h2>
          {others.map((notice) => (
            <NoticeCard key={notice.id} notice={notice} />
          ))}
        </section>
      )}
      {offer !== null && (
        <section className="stack" aria-labelledby="on-offer">
          <h2 id="on-offer">{t('updates.news', { version: offer.version })}</h2>
          <div className="card stack">
            <Changes offer={offer} />
            <ReleaseNotes notes={offer.notes} />
            <OfferFacts offer={offer} />
          </div>
        </section>
      )}
    </Page>
  );
}
