import type { ReactNode } from 'react';
import type { OfferView } from '../../main/contract/views.ts';
import { Facts } from '../parts/page.tsx';
import { useWords } from '../words/words.tsx';

const reasons = ['breaking', 'later', 'not-security', 'risk', 'failed', 'metered', 'offline', 'battery'] as const;

/** What a version costs and does, before anybody decides. */
export function OfferFacts({ offer }: { readonly offer: OfferView }): ReactNode {
  const { t, bytes, span, moment } = useWords();
  const { bytesToFetch, seconds, needsRestart, canBeUndone, dataMigration, publishedAt, waits } = offer;
  const reason = waits === null ? null : (reasons.find((each) => each === waits) ?? 'other');
  const size = bytes(bytesToFetch);
  return (
    <div className="stack">
      <Facts
        facts={[
          [
            t('prompt.download'),
            bytesToFetch === 0 ? t('prompt.downloadNothing') : t('prompt.downloadValue', { size, time: span(seconds.prepare) }),
          ],
          [t('prompt.restart'), needsRestart ? t('prompt.restartValue', { time: span(seconds.restart) }) : t('prompt.restartNo')],
          [t('prompt.data'), dataMigration === null ? t('prompt.dataSame') : t('prompt.dataMigrated', { to: dataMigration.to })],
          [t('prompt.undo'), t(canBeUndone ? 'prompt.undoYes' : 'prompt.undoNo')],
          [t('prompt.published'), moment(publishedAt)],
        ]}
      />
      {reason !== null && <p className="soft">{t(`prompt.waits.${reason}`)}</p>}
    </div>
  );
}
