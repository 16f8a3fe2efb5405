import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { useTopic } from '../connection/context.tsx';
import { Breaking } from './breaking.tsx';
import { Prompt } from './prompt.tsx';
import { Restart } from './restart.tsx';

/** The dialogs that can be opened from more than one place; one is open at a time. */
export type DialogName = 'prompt' | 'breaking' | 'restart';

interface Dialogs {
  open(name: DialogName): void;
  close(): void;
}

const Opening = createContext<Dialogs | null>(null);

/** Lets everything below it open dialogs, and shows the one that is open; at red one opens by itself when the host says so. */
export function WithDialogs({ children }: { readonly children: ReactNode }): ReactNode {
  const [name, setName] = useState<DialogName | null>(null);
  const dialogs = useMemo<Dialogs>(() => ({ open: setName, close: () => setName(null) }), []);
  const banner = useTopic('banner');
  const isDue = banner?.kind === 'offer' && banner.isModal;
  return (
    <Opening value={dialogs}>
      {children}
      <Shown name={name ?? (isDue ? 'prompt' : null)} isUncalled={name === null} />
    </Opening>
  );
}

/** The way to open and close dialogs. */
export function useDialogs(): Dialogs {
  const dialogs = useContext(Opening);
  if (dialogs === null) throw new Error('no dialog can be opened here');
  return dialogs;
}

/** Something has to be there for a dialog to be about; when it goes, so does the dialog. */
function Shown({ name, isUncalled }: { readonly name: DialogName | null; readonly isUncalled: boolean }): ReactNode {
  const offer = useTopic('offer');
  const state = useTopic('update');
  if (name === 'prompt' && offer !== null) return <Prompt offer={offer} isUncalled={isUncalled} />;
  if (name === 'breaking' && offer !== null && offer.breaking !== null) return <Breaking offer={offer} breaking={offer.breaking} />;
  if (name === 'restart' && state.kind === 'ready') return <Restart state={state} />;
  return null;
}
