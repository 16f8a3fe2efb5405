import { useCallback, type ReactNode } from 'react';
import { useAnnounce } from '../parts/announce.tsx';
import type { ButtonKind } from '../parts/button.tsx';
import { useCommand } from '../parts/failure.tsx';
import { MenuButton } from '../parts/menu.tsx';
import { useWords } from '../words/words.tsx';

const spans = [4, 24, 72] as const;

/** Puts a version off. */
export function usePutOff(version: string): (hours: (typeof spans)[number]) => Promise<void> {
  const { t } = useWords();
  const announce = useAnnounce();
  const { run } = useCommand('updates/decide');
  return useCallback(
    async (hours) => {
      if ((await run({ version, decision: 'later', hours })) !== 'failed') announce(t('prompt.postponed'));
    },
    [announce, run, t, version],
  );
}

interface LaterProps {
  readonly version: string;
  readonly words: string;
  readonly kind?: ButtonKind;
  /** What follows the choice. */
  then(): void;
}

/** A button that offers for how long a version is put off. */
export function Later({ version, words, kind = 'plain', then }: LaterProps): ReactNode {
  const { t } = useWords();
  const putOff = usePutOff(version);
  const items = spans.map((hours) => ({ id: String(hours), words: t(`later.${hours}`), choose: () => void putOff(hours).then(then) }));
  return <MenuButton words={words} kind={kind} items={items} />;
}
