import { ChevronRight, type LucideIcon } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useWords } from '../words/words.tsx';

interface PageProps {
  readonly title: string;
  readonly intro?: string;
  /** What can be done with the whole page, beside its heading. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page: its one heading, what it is about, what can be done, and what is there. */
export function Page({ title, intro, actions, children }: PageProps): ReactNode {
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1 tabIndex={-1}>{title}</h1>
          {intro !== undefined && <p className="soft">{intro}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Calls the browser's tab or window after a page. */
export function useTitle(page: string, product: string): void {
  const { t } = useWords();
  useEffect(() => {
    document.title = t('frame.title', { page, product });
  }, [t, page, product]);
}

/** What a page says when there is nothing on it yet: why, and what brings something. */
export function Empty({
  icon: Icon,
  title,
  children,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <div className="empty">
      <span className="empty-icon" aria-hidden>
        <Icon size={24} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** The shape of what is about to be there, so that nothing jumps when it comes. */
export function Skeleton({ rows }: { readonly rows: number }): ReactNode {
  return (
    <div className="skeleton" aria-hidden>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

/** Words that unfold what most people need not read. */
export function Fold({
  words,
  isOpen = false,
  children,
}: {
  readonly words: string;
  readonly isOpen?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <details className="fold" open={isOpen}>
      <summary>
        <ChevronRight size={16} aria-hidden />
        {words}
      </summary>
      <div className="stack fold-body">{children}</div>
    </details>
  );
}

/** Names and their values, a row each. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'high' | 'bad';

/** A word on a coloured ground; the word alone says it. */
export function Badge({
  tone,
  icon: Icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon?: LucideIcon;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span className={`badge badge-${tone}`}>
      {Icon !== undefined && <Icon size={14} aria-hidden />}
      {children}
    </span>
  );
}
