import { useMemo, useState, type ReactNode } from 'react';
import { useTopic } from '../connection/context.tsx';
import { Breaking } from './breaking.tsx';
import { Opening, type DialogName, type Dialogs } from './open.ts';
import { Prompt } from './prompt.tsx';
import { Restart } from './restart.tsx';

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

/** Something has to be there for a dialog to be about; when it goes, so does the dialog. */
function Shown({ name, isUncalled }: { readonly name: DialogName | null; readonly isUncalled: boolean }): ReactNode {
  const offer = useTopic('offer');
  const state = useTopic('update');
  if (name === 'prompt' && offer !== null) return <Prompt offer={offer} isUncalled={isUncalled} />;
  if (name === 'breaking' && offer !== null && offer.breaking !== null) return <Breaking offer={offer} breaking={offer.breaking} />;
  if (name === 'restart' && state.kind === 'ready') return <Restart state={state} />;
  return null;
}
