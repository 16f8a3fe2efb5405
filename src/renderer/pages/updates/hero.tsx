import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Tone } from '../../parts/page.tsx';

interface HeroProps {
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly isTurning?: boolean;
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The one thing that a page has to say first, and what to do about it. */
export function Hero({ icon: Icon, tone, isTurning = false, title, actions, children }: HeroProps): ReactNode {
  return (
    <section className="card hero" aria-labelledby="hero-title">
      <span className={`hero-icon badge-${tone}`} aria-hidden>
        <Icon size={24} strokeWidth={1.75} className={isTurning ? 'turning' : ''} />
      </span>
      <div className="hero-words">
        <h2 id="hero-title">{title}</h2>
        {children}
      </div>
      {actions !== undefined && <div className="row hero-actions">{actions}</div>}
    </section>
  );
}
