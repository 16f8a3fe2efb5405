/**
 * The host whose window is the browser that this machine has: the same pages, over loopback, in an application window of their own.
 *
 * Where no browser can be opened it says where the way in lies and goes on: somebody may come through an SSH tunnel.
 */
import { askEngine } from '../../updater/engine/process/client.ts';
import { removeTree } from '../../updater/disk/atomic.ts';
import type { Host, HostKind, HostTools } from './host.ts';
import { openPresence } from './presence.ts';
import { openSignals } from './signals.ts';
import { findBrowser, openWindow, type BrowserWindow } from './window/chromium.ts';
import { writeRedirect } from './window/redirect.ts';

/** How long no window at all may be there before the person is taken to have left: longer than a reload. */
const goneMs = 20_000;

export const browser: HostKind = {
  kind: 'browser',
  versions: { node: process.versions.node },
  ask: askEngine,
  open: async (tools) => openBrowserHost(tools, findBrowser(process.env)),
};

async function openBrowserHost({ door, profile, scratch }: HostTools, program: string | null): Promise<Host> {
  // What a killed shell left there leads nowhere.
  await removeTree(scratch);
  const { say, watch } = openSignals();
  const presence = openPresence({ goneMs, say, now: () => performance.now() });
  const listening = door.watch(presence.note);
  const windows: BrowserWindow[] = [];
  let isClosing = false;
  const show = async (): Promise<void> => {
    const page = await writeRedirect(scratch, `${door.url}/#${door.ticket()}`);
    const sayWhere = (): void => {
      process.stdout.write(`Moult runs; open this page in a browser within two minutes: ${page}\n`);
      say('unshown');
      say('usable');
    };
    if (program === null) return sayWhere();
    const window = openWindow(program, page, profile);
    windows.push(window);
    // A browser that cannot be started says nothing about this program.
    void window.ended.then(() => isClosing || presence.wasThere() || sayWhere());
  };
  const close = async (): Promise<void> => {
    isClosing = true;
    listening[Symbol.dispose]();
    presence[Symbol.dispose]();
    await Promise.all(windows.map((window) => window.close()));
    await removeTree(scratch);
  };
  return {
    kind: 'browser',
    versions: browser.versions,
    conditions: presence.conditions,
    watch,
    show,
    notify: () => undefined,
    showProgress: () => undefined,
    [Symbol.asyncDispose]: close,
  };
}
