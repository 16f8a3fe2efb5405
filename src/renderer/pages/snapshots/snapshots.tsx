import { Camera, Pin } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { SnapshotRow } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { Button } from '../../parts/button.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { MoreMenu } from '../../parts/menu.tsx';
import { Badge, Empty, Page } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { DeleteSnapshot, MakeSnapshot, RestoreSnapshot } from './asked.tsx';

type Asked = { readonly kind: 'make' } | { readonly kind: 'restore' | 'delete'; readonly row: SnapshotRow };

/** What an instance had at earlier moments, and the way to have it again. */
export function SnapshotsPage(): ReactNode {
  const { t, bytes } = useWords();
  const { rows, usedBytes } = useTopic('snapshots');
  const [asked, setAsked] = useState<Asked | null>(null);
  const pin = useCommand('snapshots/pin');
  const leave = (): void => setAsked(null);
  const make = (
    <Button kind="primary" icon={Camera} onPress={() => setAsked({ kind: 'make' })}>
      {t('snapshots.make')}
    </Button>
  );
  return (
    <Page title={t('snapshots.title')} intro={t('snapshots.intro')} actions={make}>
      <Problem failure={pin.failure} />
      {rows.length === 0 ? (
        <Empty icon={Camera} title={t('snapshots.emptyTitle')}>
          <p className="soft">{t('snapshots.emptyText')}</p>
        </Empty>
      ) : (
        <>
          <Table
            rows={rows}
            onAsk={(kind, row) => setAsked({ kind, row })}
            onPin={({ id, pinned }) => void pin.run({ id, pinned: !pinned })}
          />
          <p className="soft small numbers">{t('snapshots.used', { size: bytes(usedBytes) })}</p>
        </>
      )}
      {asked?.kind === 'make' && <MakeSnapshot onLeave={leave} />}
      {asked?.kind === 'restore' && <RestoreSnapshot row={asked.row} onLeave={leave} />}
      {asked?.kind === 'delete' && <DeleteSnapshot row={asked.row} onLeave={leave} />}
    </Page>
  );
}

interface TableProps {
  readonly rows: readonly SnapshotRow[];
  onAsk(kind: 'restore' | 'delete', row: SnapshotRow): void;
  onPin(row: SnapshotRow): void;
}

function Table({ rows, onAsk, onPin }: TableProps): ReactNode {
  const { t } = useWords();
  return (
    <div className="card card-flush">
      <table className="table" aria-label={t('snapshots.table')}>
        <thead>
          <tr>
            <th scope="col">{t('snapshots.made_at')}</th>
            <th scope="col">{t('snapshots.kind')}</th>
            <th scope="col">{t('snapshots.version')}</th>
            <th scope="col" className="cell-end">
              {t('snapshots.size')}
            </th>
            <th scope="col" className="cell-end">
              {t('snapshots.actions')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} onAsk={onAsk} onPin={onPin} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = { readonly row: SnapshotRow } & Pick<TableProps, 'onAsk' | 'onPin'>;

function Row({ row, onAsk, onPin }: RowProps): ReactNode {
  const { t, moment, bytes } = useWords();
  const { createdAt, kind, note, pinned, version } = row;
  const what = moment(createdAt);
  return (
    <tr>
      <th scope="row">
        <span className="numbers">{what}</span>
        {note !== '' && <span className="soft small">{note}</span>}
        {!row.isHere && <span className="soft small">{t('snapshots.notHere')}</span>}
      </th>
      <td data-label={t('snapshots.kind')}>
        <span className="row row-tight">
          {t(`snapshots.${kind}`)}
          {pinned && (
            <Badge tone="info" icon={Pin}>
              {t('snapshots.pinned')}
            </Badge>
          )}
        </span>
      </td>
      <td data-label={t('snapshots.version')} className="numbers">
        {version}
      </td>
      <td data-label={t('snapshots.size')} className="numbers cell-end">
        {bytes(row.bytes)}
      </td>
      <td className="cell-end">
        <Actions row={row} onAsk={onAsk} onPin={onPin} />
      </td>
    </tr>
  );
}

function Actions({ row, onAsk, onPin }: RowProps): ReactNode {
  const { t, moment } = useWords();
  const what = moment(row.createdAt);
  const items = [
    { id: 'pin', words: t(row.pinned ? 'snapshots.unpin' : 'snapshots.pin'), choose: () => onPin(row) },
    { id: 'delete', words: t('snapshots.delete'), isDangerous: true, choose: () => onAsk('delete', row) },
  ];
  return (
    <div className="row row-tight row-end">
      {row.isHere && (
        <Button label={t('snapshots.restoreWhat', { when: what })} onPress={() => onAsk('restore', row)}>
          {t('snapshots.restore')}
        </Button>
      )}
      <MoreMenu label={t('frame.more', { what })} items={items} />
    </div>
  );
}
