import { ArrowLeft, FileCheck2 } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { Comparison } from '../../../main/contract/views.ts';
import { goTo } from '../../frame/route.ts';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Empty, Page, Skeleton } from '../../parts/page.tsx';
import { ReleaseNotes } from '../../parts/release-notes.tsx';
import { useWords } from '../../words/words.tsx';
import { Files } from './files.tsx';

/** What differs between two generations. */
export function ComparePage({ from, to }: { readonly from: number; readonly to: number }): ReactNode {
  const { t } = useWords();
  const { run, failure } = useCommand('history/compare');
  const [comparison, setComparison] = useState<Comparison | null>(null);
  useEffect(() => {
    void run({ from, to }).then((answer) => answer === 'failed' || setComparison(answer));
  }, [run, from, to]);
  const title = comparison === null ? t('history.compare') : t('history.comparison', { from: comparison.from, to: comparison.to });
  const back = (
    <Button icon={ArrowLeft} onPress={() => goTo('history')}>
      {t('history.title')}
    </Button>
  );
  return (
    <Page title={title} actions={back}>
      <Problem failure={failure} />
      {comparison === null && failure === null && <Skeleton rows={6} />}
      {comparison !== null && <Parts comparison={comparison} generations={{ from, to }} />}
    </Page>
  );
}

interface PartsProps {
  readonly comparison: Comparison;
  readonly generations: { readonly from: number; readonly to: number };
}

function Parts({ comparison, generations }: PartsProps): ReactNode {
  const { t } = useWords();
  const { added, removed, changed, notes } = comparison;
  const total = added.length + removed.length + changed.length;
  return (
    <Tabs className="tabs">
      <TabList className="tab-list" aria-label={t('history.compareTitle', { from: comparison.from, to: comparison.to })}>
        <Tab id="files" className="tab">
          {t('history.files')} <span className="soft numbers">{total}</span>
        </Tab>
        <Tab id="notes" className="tab">
          {t('history.changes')}
        </Tab>
      </TabList>
      <TabPanel id="files" className="tab-panel">
        {total === 0 ? (
          <Empty icon={FileCheck2} title={t('history.noFiles')}>
            <p className="soft">{t('history.noFilesText')}</p>
          </Empty>
        ) : (
          <Files comparison={comparison} generations={generations} />
        )}
      </TabPanel>
      <TabPanel id="notes" className="tab-panel">
        <div className="card">
          {Object.keys(notes).length === 0 ? <p className="soft">{t('history.noNotes')}</p> : <ReleaseNotes notes={notes} />}
        </div>
      </TabPanel>
    </Tabs>
  );
}
