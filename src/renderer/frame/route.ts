/** Where the window is: `#/history/compare/3/5` is page `history` with the rest `compare`, `3`, `5`. */
import { useSyncExternalStore } from 'react';

export const pageNames = ['notes', 'updates', 'evolutions', 'history', 'snapshots', 'health', 'settings', 'about'] as const;

export type PageName = (typeof pageNames)[number];

export interface Route {
  readonly page: PageName;
  readonly rest: readonly string[];
}

/** The place that an address's fragment names; the first page when it names none. */
export function routeOf(fragment: string): Route {
  const [name, ...rest] = fragment.replace(/^#\/?/, '').split('/').filter(Boolean);
  const page = pageNames.find((each) => each === name);
  return page === undefined ? { page: 'notes', rest: [] } : { page, rest };
}

/** The address of a place. */
export function linkTo(page: PageName, ...rest: readonly (string | number)[]): string {
  return `#/${[page, ...rest].join('/')}`;
}

/** Goes to a place. */
export function goTo(page: PageName, ...rest: readonly (string | number)[]): void {
  location.hash = linkTo(page, ...rest);
}

/** Where the window is now. */
export function useRoute(): Route {
  const fragment = useSyncExternalStore(watchFragment, () => location.hash);
  return routeOf(fragment);
}

function watchFragment(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}
