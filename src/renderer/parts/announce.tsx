import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';

/** Says something to those who hear the window; `now` interrupts. */
export type Announce = (words: string, how?: 'politely' | 'now') => void;

const Announcing = createContext<Announce>(() => undefined);

/** The two live regions, there from the first paint on, around everything that announces. */
export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [polite, setPolite] = useState('');
  const [urgent, setUrgent] = useState('');
  const announce = useMemo<Announce>(
    () => (words, how) => {
      const say = how === 'now' ? setUrgent : setPolite;
      // The same words twice are two messages: a space at the end makes them differ.
      say((before) => (before === words ? `${words} ` : words));
    },
    [],
  );
  return (
    <Announcing value={announce}>
      {children}
      <div className="hidden" aria-live="polite" role="status">
        {polite}
      </div>
      <div className="hidden" role="alert">
        {urgent}
      </div>
    </Announcing>
  );
}

/** The way to announce something. */
export function useAnnounce(): Announce {
  return useContext(Announcing);
}
