/** The host that is the product: windows, signals and messages by Electron. */
import { app, BrowserWindow, ipcMain, nativeTheme, net, powerMonitor, session } from 'electron';
import type { Contract } from '../src/main/contract/serve.ts';
import type { Conditions, Host, HostKind, HostSignal } from '../src/main/host/host.ts';
import { openSignals } from '../src/main/host/signals.ts';
import { askEngine } from './system/engine.ts';
import { noticeText, showNotice } from './system/notices.ts';
import { idleMs, watchPower } from './system/power.ts';
import { openStatus } from './system/tray.ts';
import { setMenu, showWindow } from './window/frame.ts';
import { guardSession } from './window/guard.ts';
import { servePages } from './window/pages.ts';
import { openPresence, type Presence } from './window/presence.ts';
import { serveWindows, type Heard } from './window/wire.ts';

/** Where the files of a window lie: the folder of its page, the bundle that is loaded before it, and its picture. */
export interface WindowFiles {
  readonly pages: string;
  readonly preload: string;
  readonly icon: string;
}

/** The kind of host that opens windows from these files. It opens when Electron is ready. */
export function electronHost(files: WindowFiles): HostKind {
  const { electron, chrome: chromium, node, v8 } = process.versions;
  const versions = { electron, chromium, node, v8 };
  const open = async ({ contract }: { readonly contract: Contract }): Promise<Host> => {
    await app.whenReady();
    setMenu();
    guardSession(session.defaultSession);
    servePages(session.defaultSession.protocol, files.pages);
    return { kind: 'electron', versions, ...openHost(contract, files) };
  };
  return { kind: 'electron', versions, ask: askEngine, open };
}

function openHost(contract: Contract, { preload, icon }: WindowFiles): Omit<Host, 'kind' | 'versions'> {
  const { say, watch } = openSignals();
  const presence = openPresence(() => performance.now());
  const windows = serveWindows(ipcMain, contract, hearWindows(presence, say));
  const follow = followPreferences(contract);
  const show = (): Promise<void> => showWindow(preload, { typed: () => typed(presence, say), sessionEnds: () => say('session-ends') });
  const status = openStatus(icon, () => void show());
  watchPower(powerMonitor, say);
  watchLeaving(say, show);
  const close = async (): Promise<void> => {
    for (const window of BrowserWindow.getAllWindows()) window.destroy();
    for (const part of [windows, follow, status]) part[Symbol.dispose]();
  };
  return {
    conditions: () => conditionsNow(presence),
    watch,
    show,
    notify: (notification) => showNotice(noticeText(notification, follow.languages()), () => void show()),
    showProgress: status.showProgress,
    [Symbol.asyncDispose]: close,
  };
}

/** The first window that watches makes the program usable; whatever a window asks, somebody is there. */
function hearWindows(presence: Presence, say: (signal: HostSignal) => void): (heard: Heard) => void {
  let isUsable = false;
  return (heard) => {
    if (heard.kind === 'network') return say(heard.isOnline ? 'online' : 'offline');
    presence.touch();
    if (heard.kind === 'asked') return say('activity');
    if (!isUsable) say('usable');
    isUsable = true;
  };
}

function typed(presence: Presence, say: (signal: HostSignal) => void): void {
  presence.type();
  say('activity');
}

/** The shell alone ends the program, when everything is closed: Electron's own ways to quit only wish for it. On macOS a program stays without windows. */
function watchLeaving(say: (signal: HostSignal) => void, show: () => Promise<void>): void {
  app.on('before-quit', (event) => {
    event.preventDefault();
    say('windows-gone');
  });
  app.on('window-all-closed', () => process.platform !== 'darwin' && say('windows-gone'));
  app.on('activate', () => void show());
  app.on('second-instance', () => void show());
}

function conditionsNow(presence: Presence): Conditions {
  return {
    isOnline: net.isOnline(),
    // Electron does not know.
    isMetered: null,
    isOnBattery: powerMonitor.isOnBatteryPower(),
    idleMs: idleMs(powerMonitor, presence.sinceTouchedMs()),
    isFullScreen: BrowserWindow.getAllWindows().some((window) => window.isFullScreen()),
    sinceTypingMs: presence.sinceTypedMs(),
  };
}

/** Language and theme are the person's: the topic of preferences says them, first of all as they are now. */
function followPreferences(contract: Contract): Disposable & { languages(): readonly string[] } {
  let language = 'system';
  const watching = contract.watch((line) => {
    if (line.topic !== 'preferences') return;
    language = line.value.values.language;
    nativeTheme.themeSource = line.value.values.theme;
  }, 'host');
  const languages = (): readonly string[] => (language === 'system' ? app.getPreferredSystemLanguages() : [language]);
  return { languages, [Symbol.dispose]: () => watching[Symbol.dispose]() };
}
