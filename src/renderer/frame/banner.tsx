import { CircleAlert, CircleCheck, Info, RotateCcw, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import type { Banner as Shown } from '../../main/contract/views.ts';
import { useTopic } from '../connection/context.tsx';
import { useAnnounce } from '../parts/announce.tsx';
import { useWords } from '../words/words.tsx';
import { BannerActions } from './banner-actions.tsx';
import { useCountdown } from './status.tsx';

type Look = 'subtle' | 'yellow' | 'orange' | 'red' | 'ready' | 'managed' | 'recalled';

const icons: Readonly<Record<Look, LucideIcon>> = {
  subtle: Info,
  yellow: TriangleAlert,
  orange: CircleAlert,
  red: CircleAlert,
  ready: CircleCheck,
  managed: Info,
  recalled: RotateCcw,
};

/** The one line above every page. It is no live region; that it changed its level is said once. */
export function Banner(): ReactNode {
  const { t } = useWords();
  const banner = useTopic('banner');
  const words = useSentence(banner);
  const look = banner === null ? null : lookOf(banner);
  useSaid(look, look === null ? '' : `${t(`level.${look}`)}: ${words}`);
  return (
    <div className="banner-place" role="region" aria-label={t('frame.banner')}>
      {banner !== null && look !== null && (
        <div className={`banner banner-${look}`}>
          <p className="banner-words">
            <Level look={look} />
            <span>{words}</span>
          </p>
          <BannerActions banner={banner} />
        </div>
      )}
    </div>
  );
}

function Level({ look }: { readonly look: Look }): ReactNode {
  const { t } = useWords();
  const Icon = icons[look];
  return (
    <span className="banner-level">
      <Icon size={16} aria-hidden />
      {t(`level.${look}`)}
    </span>
  );
}

function lookOf(banner: Shown): Look {
  return banner.kind === 'offer' ? banner.level : banner.kind;
}

function useSaid(look: Look | null, words: string): void {
  const announce = useAnnounce();
  const last = useRef<Look | null>(null);
  useEffect(() => {
    if (look !== null && look !== last.current) announce(words, look === 'red' ? 'now' : 'politely');
    last.current = look;
  }, [announce, look, words]);
}

/** What the banner says behind its level. */
function useSentence(banner: Shown | null): string {
  const { t, bytes, days } = useWords();
  const { product } = useTopic('about');
  const state = useTopic('update');
  const seconds = useCountdown(state.kind === 'ready' ? state.restartAt : null);
  if (banner === null) return '';
  switch (banner.kind) {
    case 'offer':
      return offerSentence(banner, { t, bytes, days });
    case 'ready':
      if (seconds > 0) return t('banner.soon', { version: banner.version, count: seconds });
      if (state.kind === 'ready' && state.when === 'away') return t('banner.readyAway', { version: banner.version });
      return t('banner.ready', { version: banner.version, product });
    case 'managed':
      return t('banner.managed', { version: banner.version, by: banner.by });
    case 'recalled':
      if (banner.back === null) return t('banner.recalled', { version: banner.version });
      return t('banner.recalledBack', { version: banner.version, back: banner.back });
  }
}

type Offer = Extract<Shown, { kind: 'offer' }>;

function offerSentence(banner: Offer, { t, bytes, days }: Pick<ReturnType<typeof useWords>, 't' | 'bytes' | 'days'>): string {
  const { version, ageDays, securityFixes, bytesToFetch } = banner;
  switch (banner.level) {
    case 'subtle':
      return bytesToFetch === 0 ? t('banner.subtleHere', { version }) : t('banner.subtle', { version, size: bytes(bytesToFetch) });
    case 'yellow':
      return securityFixes > 0 && ageDays < 8 ? t('banner.yellowNow', { version }) : t('banner.yellow', { version, count: ageDays });
    case 'orange':
      if (securityFixes > 0) return t('banner.orangeSecurity', { version, count: securityFixes, days: days(ageDays) });
      return t('banner.orange', { version, count: ageDays });
    case 'red':
      if (securityFixes > 0 && ageDays < 61) return t('banner.redSecurity', { version, count: securityFixes });
      return t('banner.red', { count: ageDays });
  }
}
