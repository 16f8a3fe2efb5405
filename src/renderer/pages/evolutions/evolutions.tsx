import { Blocks } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTopic } from '../../connection/context.tsx';
import { Empty, Page } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';

/** What can be added to the version that runs. */
export function EvolutionsPage(): ReactNode {
  const { t } = useWords();
  const { product, version } = useTopic('about');
  return (
    <Page title={t('frame.evolutions')} intro={t('evolutions.intro')}>
      <Empty icon={Blocks} title={t('evolutions.emptyTitle')}>
        <p className="soft">{t('evolutions.emptyText', { product, version })}</p>
      </Empty>
    </Page>
  );
}
