import { useState, type ReactNode } from 'react';
import type { HistoryRow } from '../../../main/contract/views.ts';
import { useAnnounce } from '../../parts/announce.tsx';
import { Button } from '../../parts/button.tsx';
import { Radios } from '../../parts/choice.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { goTo } from '../../frame/route.ts';
import { useWords } from '../../words/words.tsx';

type Data = 'keep' | 'restore';

/** Goes back to a version: says what is lost, and asks about data that it cannot read. */
export function GoBack({ row, onLeave }: { readonly row: HistoryRow; onLeave(): void }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const { version, generation } = row;
  const { run, isRunning, failure } = useCommand('history/back');
  const [isAskingData, setAskingData] = useState(false);
  const [data, setData] = useState<Data | null>(null);
  const goBack = async (): Promise<void> => {
    const answer = await run({ generation, data });
    if (answer === 'failed') return;
    if (answer.kind === 'data') {
      setData('restore');
      return setAskingData(true);
    }
    announce(t('history.backStaged', { version: answer.version }));
    onLeave();
    goTo('updates');
  };
  const footer = (
    <>
      <Button autoFocus onPress={onLeave}>
        {t('frame.cancel')}
      </Button>
      <Button kind="primary" isPending={isRunning} onPress={() => void goBack()}>
        {t('history.backDo')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('history.backTitle', { version })} isAlert onLeave={onLeave} footer={footer}>
      <ul className="bullets">
        <li>{t('history.backNeeds')}</li>
        <li>{t('history.backLoses')}</li>
      </ul>
      {isAskingData && <DataChoice version={version} data={data} onChoose={setData} />}
      <Problem failure={failure} />
    </Dialog>
  );
}

interface DataChoiceProps {
  readonly version: string;
  readonly data: Data | null;
  onChoose(data: Data): void;
}

function DataChoice({ version, data, onChoose }: DataChoiceProps): ReactNode {
  const { t } = useWords();
  return (
    <Radios
      label={t('history.backData', { version })}
      value={data}
      onChoose={onChoose}
      options={[
        { id: 'restore', words: t('history.dataRestore', { version }), help: t('history.dataRestoreHelp') },
        { id: 'keep', words: t('history.dataKeep'), help: t('history.dataKeepHelp', { version }) },
      ]}
    />
  );
}
