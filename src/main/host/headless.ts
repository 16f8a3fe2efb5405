/** The host without a window: for tests, for servers, and for people who are there by the command line only. */
import { askEngine } from '../../updater/engine/process/client.ts';
import type { HostKind } from './host.ts';
import { unknown } from './presence.ts';
import { openSignals } from './signals.ts';

const never = Number.POSITIVE_INFINITY;

export const headless: HostKind = {
  kind: 'headless',
  versions: { node: process.versions.node },
  ask: askEngine,
  open: async () => {
    const { say, watch } = openSignals();
    const show = async (): Promise<void> => {
      say('unshown');
      say('usable');
    };
    return {
      kind: 'headless',
      versions: headless.versions,
      conditions: () => ({ ...unknown, idleMs: never, sinceTypingMs: never }),
      watch,
      show,
      notify: () => undefined,
      showProgress: () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};
