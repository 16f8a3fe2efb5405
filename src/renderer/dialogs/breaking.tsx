import { CircleCheck } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Exported, OfferView } from '../../main/contract/views.ts';
import { goTo } from '../frame/route.ts';
import { useAnnounce } from '../parts/announce.tsx';
import { Button } from '../parts/button.tsx';
import { Checkbox } from '../parts/choice.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Problem, useCommand } from '../parts/failure.tsx';
import { useWords } from '../words/words.tsx';
import { useDialogs } from './open.ts';

interface BreakingProps {
  readonly offer: OfferView;
  readonly breaking: NonNullable<OfferView['breaking']>;
}

type Choice = 'migrate' | 'fresh';

/** What a version does to the data, and what to do about it. Nothing goes on before that; Cancel has the focus. */
export function Breaking({ offer, breaking }: BreakingProps): ReactNode {
  const { t } = useWords();
  const { close } = useDialogs();
  const [exported, setExported] = useState<Exported | null>(null);
  const [isUnderstood, setUnderstood] = useState(false);
  const decision = useCommand('updates/break');
  const isKept = breaking.canSnapshot || exported !== null;
  const choose = async (choice: Choice): Promise<void> => {
    if ((await decision.run({ version: offer.version, choice, understood: isUnderstood })) === 'failed') return;
    close();
    goTo('updates');
  };
  const footer = (
    <>
      <Button autoFocus onPress={close}>
        {t('frame.cancel')}
      </Button>
      <span className="spread" />
      <Export exported={exported} onExported={setExported} />
      <Choices
        canMigrate={breaking.canMigrate}
        canStartFresh={isKept || isUnderstood}
        isPending={decision.isRunning}
        onChoose={(choice) => void choose(choice)}
      />
    </>
  );
  return (
    <Dialog isAlert isWide title={t('breaking.title', { version: offer.version })} onLeave={close} footer={footer}>
      <Consequences breaking={breaking} />
      {exported !== null && <Written exported={exported} />}
      {!isKept && <Checkbox words={t('breaking.understand')} isChosen={isUnderstood} onChange={setUnderstood} />}
      <Problem failure={decision.failure} />
    </Dialog>
  );
}

function Consequences({ breaking }: Pick<BreakingProps, 'breaking'>): ReactNode {
  const { t, bytes } = useWords();
  const size = bytes(breaking.dataBytes);
  return (
    <>
      <section className="stack">
        <h3>{t('breaking.what')}</h3>
        <ul className="bullets">
          {breaking.changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      </section>
      <section className="stack">
        <h3>{t('breaking.happens')}</h3>
        <ul className="bullets">
          {breaking.canMigrate && <li>{t('breaking.migrate', { size })}</li>}
          <li>{t(breaking.canSnapshot ? 'breaking.fresh' : 'breaking.noSnapshot', { size })}</li>
          <li>{t('breaking.back')}</li>
        </ul>
      </section>
    </>
  );
}

function Written({ exported: { files, folder } }: { readonly exported: Exported }): ReactNode {
  const { t } = useWords();
  return (
    <p className="success">
      <CircleCheck size={16} aria-hidden />
      <span>{t('breaking.exported', { count: files.length, folder })}</span>
    </p>
  );
}

interface ChoicesProps {
  readonly canMigrate: boolean;
  readonly canStartFresh: boolean;
  readonly isPending: boolean;
  onChoose(choice: Choice): void;
}

function Choices({ canMigrate, canStartFresh, isPending, onChoose }: ChoicesProps): ReactNode {
  const { t } = useWords();
  return (
    <>
      {canStartFresh && (
        <Button kind={canMigrate ? 'plain' : 'primary'} isPending={isPending} onPress={() => onChoose('fresh')}>
          {t('breaking.startFresh')}
        </Button>
      )}
      {canMigrate && (
        <Button kind="primary" isPending={isPending} onPress={() => onChoose('migrate')}>
          {t('breaking.migrateDo')}
        </Button>
      )}
    </>
  );
}

function Export({ exported, onExported }: { readonly exported: Exported | null; onExported(exported: Exported): void }): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const { run, isRunning, failure } = useCommand('data/export');
  const write = async (): Promise<void> => {
    const answer = await run({});
    if (answer === 'failed') return;
    onExported(answer);
    announce(t('breaking.exported', { count: answer.files.length, folder: answer.folder }));
  };
  return (
    <>
      <Problem failure={failure} />
      <Button isPending={isRunning} onPress={() => void write()}>
        {t(exported === null ? 'breaking.export' : 'breaking.exportAgain')}
      </Button>
    </>
  );
}
