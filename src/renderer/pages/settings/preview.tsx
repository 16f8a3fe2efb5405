import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Skeleton } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';

/** Exactly what a check would say about this installation. */
export function TelemetryPreview({ onLeave }: { onLeave(): void }): ReactNode {
  const { t } = useWords();
  const { run, failure } = useCommand('telemetry/preview');
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    void run({}).then((answer) => answer === 'failed' || setText(JSON.stringify(answer.sent, null, 2)));
  }, [run]);
  const footer = (
    <>
      <span className="spread" />
      <Button kind="primary" autoFocus onPress={onLeave}>
        {t('frame.close')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('settings.previewTitle')} onLeave={onLeave} footer={footer}>
      <p>{t('settings.previewText')}</p>
      <Problem failure={failure} />
      {text === null ? <Skeleton rows={3} /> : <pre className="well">{text}</pre>}
    </Dialog>
  );
}
