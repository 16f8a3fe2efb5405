import { History } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { HistoryRow } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { goTo } from '../../frame/route.ts';
import { Button } from '../../parts/button.tsx';
import { Badge, Empty, Page, type Tone } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { GoBack } from './go-back.tsx';
import { Why } from './why.tsx';

type Asked = { readonly kind: 'back' | 'why'; readonly row: HistoryRow };

/** Every version that was started here, and the way back to it. */
export function HistoryPage(): ReactNode {
  const { t } = useWords();
  const rows = useTopic('history');
  const [asked, setAsked] = useState<Asked | null>(null);
  const leave = (): void => setAsked(null);
  return (
    <Page title={t('history.title')} intro={t('history.intro')}>
      <div className="card card-flush">
        <table className="table" aria-label={t('history.table')}>
          <thead>
            <tr>
              <th scope="col">{t('history.version')}</th>
              <th scope="col">{t('history.installed')}</th>
              <th scope="col">{t('history.by')}</th>
              <th scope="col">{t('history.result')}</th>
              <th scope="col" className="cell-end">
                {t('history.size')}
              </th>
              <th scope="col" className="cell-end">
                {t('history.actions')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.generation} row={row} onAsk={(kind) => setAsked({ kind, row })} />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length < 2 && (
        <Empty icon={History} title={t('history.emptyTitle')}>
          <p className="soft">{t('history.emptyText')}</p>
        </Empty>
      )}
      {asked?.kind === 'back' && <GoBack row={asked.row} onLeave={leave} />}
      {asked?.kind === 'why' && <Why row={asked.row} onLeave={leave} />}
    </Page>
  );
}

interface RowProps {
  readonly row: HistoryRow;
  onAsk(kind: Asked['kind']): void;
}

function Row({ row, onAsk }: RowProps): ReactNode {
  const { t, moment, bytes } = useWords();
  const { version, createdAt, by, why, wireBytes } = row;
  return (
    <tr>
      <th scope="row">
        <span className="numbers">{version}</span>
        <span className="soft small">{t(`history.why.${why}`)}</span>
      </th>
      <td data-label={t('history.installed')} className="numbers">
        {moment(createdAt)}
      </td>
      <td data-label={t('history.by')}>{t(`history.${by ?? 'unknown'}`)}</td>
      <td data-label={t('history.result')}>
        <Result row={row} />
      </td>
      <td data-label={t('history.size')} className="numbers cell-end">
        {wireBytes === null ? '–' : bytes(wireBytes)}
      </td>
      <td className="cell-end">
        <Actions row={row} onAsk={onAsk} />
      </td>
    </tr>
  );
}

function Result({ row: { isRunning, state, isHere } }: { readonly row: HistoryRow }): ReactNode {
  const { t } = useWords();
  const result = isRunning ? 'running' : state;
  return (
    <>
      <Badge tone={tones[result]}>{t(`history.${result}`)}</Badge>
      {!isHere && <span className="soft small">{t('history.notHere')}</span>}
    </>
  );
}

const tones: Readonly<Record<HistoryRow['state'] | 'running', Tone>> = {
  running: 'good',
  staged: 'info',
  trying: 'info',
  good: 'neutral',
  bad: 'high',
};

function Actions({ row, onAsk }: RowProps): ReactNode {
  const { t } = useWords();
  const running = useTopic('history').find(({ isRunning }) => isRunning);
  const { version, generation, isRunning, isHere, state } = row;
  const isOther = running !== undefined && running.version !== version;
  return (
    <div className="row row-tight row-end">
      {state === 'bad' && (
        <Button kind="quiet" label={t('history.reasonOf', { version })} onPress={() => onAsk('why')}>
          {t('history.reason')}
        </Button>
      )}
      {isOther && (
        <Button
          kind="quiet"
          label={t('history.compareWith', { version })}
          onPress={() => goTo('history', 'compare', generation, running.generation)}
        >
          {t('history.compare')}
        </Button>
      )}
      {isOther && !isRunning && isHere && state === 'good' && (
        <Button label={t('history.goBackTo', { version })} onPress={() => onAsk('back')}>
          {t('history.goBack')}
        </Button>
      )}
    </div>
  );
}
