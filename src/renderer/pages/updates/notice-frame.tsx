import { X, type LucideIcon } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import { IconButton } from '../../parts/button.tsx';
import { useCommand } from '../../parts/failure.tsx';
import type { Tone } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';

interface NoticeFrameProps {
  readonly id: string;
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A card that is told once: closing it is for good. */
export function NoticeFrame({ id, icon: Icon, tone, title, actions, children }: NoticeFrameProps): ReactNode {
  const { t } = useWords();
  const { run } = useCommand('notices/close');
  const heading = useId();
  const close = async (): Promise<void> => {
    if ((await run({ id })) !== 'failed') document.querySelector('h1')?.focus();
  };
  return (
    <section className="card notice" aria-labelledby={heading}>
      <span className={`notice-icon badge-${tone}`} aria-hidden>
        <Icon size={18} strokeWidth={1.9} />
      </span>
      <div className="stack notice-words">
        <h2 id={heading}>{title}</h2>
        {children}
        {actions !== undefined && <div className="row row-tight notice-actions">{actions}</div>}
      </div>
      <IconButton icon={X} label={t('frame.close')} onPress={() => void close()} />
    </section>
  );
}
