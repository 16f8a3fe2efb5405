import { createContext, useContext } from 'react';

/** The dialogs that can be opened from more than one place; one is open at a time. */
export type DialogName = 'prompt' | 'breaking' | 'restart';

/** The way to open and close them. */
export interface Dialogs {
  open(name: DialogName): void;
  close(): void;
}

export const Opening = createContext<Dialogs | null>(null);

/** The way to open and close dialogs. */
export function useDialogs(): Dialogs {
  const dialogs = useContext(Opening);
  if (dialogs === null) throw new Error('no dialog can be opened here');
  return dialogs;
}
