import type { ReactNode } from 'react';
import { useTopic } from '../connection/context.tsx';
import { NoticeCard } from '../pages/updates/notice.tsx';
import { useWords } from '../words/words.tsx';
import { linkTo } from './route.ts';

/** The newest thing that the person has yet to be told, above every page; further ones are on the page of updates. */
export function Notices(): ReactNode {
  const { t } = useWords();
  const [newest, ...others] = useTopic('notices');
  if (newest === undefined) return null;
  return (
    <div className="notices">
      <NoticeCard notice={newest} />
      {others.length > 0 && <a href={linkTo('updates')}>{t('notice.others', { count: others.length })}</a>}
    </div>
  );
}
