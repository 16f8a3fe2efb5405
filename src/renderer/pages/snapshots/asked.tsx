import { useState, type ReactNode } from 'react';
import type { SnapshotRow } from '../../../main/contract/views.ts';
import { goTo } from '../../frame/route.ts';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm, Dialog } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { TextField } from '../../parts/field.tsx';
import { useWords } from '../../words/words.tsx';

/** Makes a snapshot of what is there now. */
export function MakeSnapshot({ onLeave }: { onLeave(): void }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const [note, setNote] = useState('');
  const { run, isRunning, failure } = useCommand('snapshots/create');
  const make = async (): Promise<void> => {
    if ((await run({ note: note.slice(0, 500) })) === 'failed') return;
    announce(t('snapshots.made'));
    onLeave();
  };
  const footer = (
    <>
      <Button onPress={onLeave}>{t('frame.cancel')}</Button>
      <Button kind="primary" isPending={isRunning} onPress={() => void make()}>
        {t(isRunning ? 'snapshots.making' : 'snapshots.makeDo')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('snapshots.make')} onLeave={onLeave} footer={footer}>
      <p className="soft">{t('snapshots.intro')}</p>
      <TextField autoFocus label={t('snapshots.noteLabel')} value={note} onChange={setNote} />
      <Problem failure={failure} />
    </Dialog>
  );
}

interface AboutRow {
  readonly row: SnapshotRow;
  onLeave(): void;
}

/** Starts an earlier version with its data; what is there now is kept. */
export function RestoreSnapshot({ row, onLeave }: AboutRow): ReactNode {
  const { t, moment } = useWords();
  const announce = useAnnounce();
  const { run, isRunning, failure } = useCommand('snapshots/restore');
  const when = moment(row.createdAt);
  const restore = async (): Promise<void> => {
    if ((await run({ id: row.id })) === 'failed') return;
    announce(t('snapshots.restored'));
    onLeave();
    goTo('updates');
  };
  return (
    <Confirm
      title={t('snapshots.restoreTitle')}
      action={t('snapshots.restoreDo')}
      isPending={isRunning}
      onLeave={onLeave}
      onConfirm={() => void restore()}
    >
      <p>{t('snapshots.restoreText', { version: row.version, when })}</p>
      <p className="soft">{t('snapshots.restoreKeeps', { when })}</p>
      <Problem failure={failure} />
    </Confirm>
  );
}

/** Deletes a snapshot for good; the host refuses where something still needs it. */
export function DeleteSnapshot({ row, onLeave }: AboutRow): ReactNode {
  const { t, moment } = useWords();
  const announce = useAnnounce();
  const { run, isRunning, failure } = useCommand('snapshots/delete');
  const remove = async (): Promise<void> => {
    if ((await run({ id: row.id })) === 'failed') return;
    announce(t('snapshots.deleted'));
    onLeave();
  };
  return (
    <Confirm
      title={t('snapshots.deleteTitle')}
      action={t('snapshots.deleteDo')}
      isDangerous
      isPending={isRunning}
      onLeave={onLeave}
      onConfirm={() => void remove()}
    >
      <p>{t('snapshots.deleteText', { when: moment(row.createdAt) })}</p>
      <Problem failure={failure} />
    </Confirm>
  );
}
