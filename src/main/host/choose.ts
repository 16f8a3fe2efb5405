import { Failed } from '../../updater/model/failure.ts';
import { browser } from './browser.ts';
import { headless } from './headless.ts';
import type { HostKind } from './host.ts';
import { findBrowser } from './window/chromium.ts';

/** The host for a start of this product on Node: what the person asked for, else a window where one can be shown. Throws `usage/wrong` for Electron's, which only Electron has. */
export function hostFor(wished: HostKind['kind'] | null, environment: NodeJS.ProcessEnv): HostKind {
  if (wished === 'electron') throw new Failed('usage/wrong', 'this copy carries Node and not Electron: its hosts are browser and headless');
  if (wished !== null) return wished === 'browser' ? browser : headless;
  return findBrowser(environment) === null ? headless : browser;
}
