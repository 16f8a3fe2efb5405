import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from 'react';
import type { Topics } from '../../main/contract/topics.ts';
import type { Link, Store } from './store.ts';

const Connection = createContext<Store | null>(null);

/** Gives everything below it the store. */
export function Connected({ store, children }: { readonly store: Store; readonly children: ReactNode }): ReactNode {
  return <Connection value={store}>{children}</Connection>;
}

/** Whether the other end is there, and whether every topic was heard. */
export function useLink(): { readonly link: Link; readonly isComplete: boolean } {
  const store = useStore();
  const link = useSyncExternalStore(store.subscribe, () => store.link);
  const isComplete = useSyncExternalStore(store.subscribe, () => store.topics !== null);
  return { link, isComplete };
}

/** The present value of a topic; only its own changes draw the caller again. */
export function useTopic<Name extends keyof Topics>(name: Name): Topics[Name] {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => present(store)[name]);
}

/** The language and the theme that the person chose; null before it is known. */
export function useChosen(): Topics['preferences']['values'] | null {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => store.topics?.preferences.values ?? null);
}

/** The way to ask for something. */
export function useAsk(): Store['ask'] {
  return useStore().ask;
}

/** Tells the host, at every change, whether leaving now would lose something. */
export function useBusy(isBusy: boolean): void {
  const ask = useAsk();
  useEffect(() => {
    void ask('window/busy', { isBusy });
  }, [ask, isBusy]);
}

function useStore(): Store {
  const store = useContext(Connection);
  if (store === null) throw new Error('nothing is connected');
  return store;
}

function present({ topics }: Store): Topics {
  if (topics === null) throw new Error('a page is shown before its topics are there');
  return topics;
}
