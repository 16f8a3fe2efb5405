/** Runs the real main process on the fake Electron, and does with it what a test asks over the channel. */
import './fake/hooks.ts';
import type { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { z } from 'zod';
import type { Transport } from '../../../../src/main/contract/wire.ts';
import type { Notification } from '../../../../src/main/host/host.ts';

const { app, BrowserWindow, handlers, ipcMain, powerMonitor, pretend, session } = await import('./fake/electron.ts');
const { noticeText } = await import('../../../../electron/system/notices.ts');

const lines: unknown[] = [];
let watching: { stop(): void } | null = null;

function firstWindow(): InstanceType<typeof BrowserWindow> {
  const [window] = BrowserWindow.windows;
  if (window === undefined) throw new Error('there is no window');
  return window;
}

function parseTransport(value: unknown): Transport {
  return value as Transport;
}

/** Whether an event's listeners kept it from happening. */
function isPrevented(emitter: EventEmitter, name: string, details: object): boolean {
  let prevented = false;
  const event = { ...details, preventDefault: () => (prevented = true) };
  emitter.emit(name, event, details);
  return prevented;
}

function decision(handler: unknown, before: readonly unknown[]): unknown {
  let decided: unknown = null;
  asked(handler, ...before, (value: unknown) => (decided = value));
  return decided;
}

function asked(handler: unknown, ...args: readonly unknown[]): unknown {
  if (typeof handler !== 'function') throw new Error('there is no such handler');
  return Reflect.apply(handler, null, args);
}

const frameSchema = z.object({ origin: z.string(), parent: z.unknown(), detached: z.boolean() }).nullable();

/** Everything that a test may ask for. */
const deeds: Readonly<Record<string, (...args: readonly never[]) => unknown>> = {
  seen: () => ({
    ...pretend.seen,
    windows: BrowserWindow.windows.map(({ options, calls, world }) => ({ options, calls, world: Object.keys(world) })),
  }),
  ask: (name: string, input: unknown) => parseTransport(firstWindow().world['moult']).ask(name, input),
  transport: () => Object.fromEntries(Object.entries(firstWindow().world['moult'] ?? {}).map(([name, value]) => [name, typeof value])),
  watch: () => {
    watching = parseTransport(firstWindow().world['moult']).watch((line) => lines.push(line));
  },
  lines: () => lines.splice(0),
  unwatch: () => watching?.stop(),
  network: (isOnline: boolean) => {
    const { window, navigator } = firstWindow().world;
    Object.assign(navigator ?? {}, { onLine: isOnline });
    if (window instanceof EventTarget) window.dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
  },
  askAs: async (frame: unknown, name: unknown) =>
    ipcMain.answers.get('moult:ask')?.({ sender: { id: 9 }, senderFrame: frameSchema.parse(frame) }, name, {}),
  watchAs: async (frame: unknown) => {
    const { port1, port2 } = new MessageChannel();
    const heard: unknown[] = [];
    port1.on('message', (line) => heard.push(line));
    const closed = new Promise((resolve) => port1.once('close', () => resolve('closed')));
    ipcMain.emit('moult:watch', { sender: { id: 9 }, senderFrame: frameSchema.parse(frame), ports: [port2] });
    const end = await Promise.race([closed, new Promise((resolve) => setTimeout(() => resolve('open'), 300))]);
    port1.close();
    return { end, lines: heard.length };
  },
  get: async (url: string, asked: { method?: string; initiatorOrigin?: string } = {}) => {
    const response = await handlers.serve?.({ url, method: 'GET', ...asked });
    return response && { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  },
  navigate: (event: string, url: string, isMainFrame: boolean) => isPrevented(firstWindow().webContents, event, { url, isMainFrame }),
  open: (url: string) => firstWindow().webContents.openHandler?.({ url }),
  contents: (event: string) => isPrevented(firstWindow().webContents, event, {}),
  crash: (reason: string) => firstWindow().webContents.emit('render-process-gone', {}, { reason }),
  type: () => firstWindow().webContents.emit('before-input-event', {}, {}),
  window: (event: string) => firstWindow().emit(event, {}),
  application: (event: string) => isPrevented(app, event, {}),
  words: (notification: Notification, languages: readonly string[]) => noticeText(notification, languages),
  power: (event: string) => powerMonitor.emit(event),
  download: () => isPrevented(session.defaultSession, 'will-download', {}),
  permission: (name: string, origin: string) => ({
    request: decision(handlers.request, [{ mainFrame: { origin } }, name]),
    check: asked(handlers.check, null, name, `${origin}/`),
  }),
  device: () => asked(handlers.device, {}),
  capture: () => decision(handlers.media, [{}]),
  reach: (url: string) => decision(handlers.reach, [{ url }]),
};

const callSchema = z.object({ id: z.number(), deed: z.string(), args: z.array(z.unknown()) });

process.on('message', (value) => {
  const { id, deed, args } = callSchema.parse(value);
  void answerTo(deed, args).then((answer) => process.send?.({ id, ...answer }));
});

async function answerTo(deed: string, args: readonly unknown[]): Promise<object> {
  try {
    return { result: await Reflect.apply(deeds[deed] ?? (() => Promise.reject(new Error(`no deed ${deed}`))), null, args) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const versions = { ...process.versions, electron: '45.4.1', chrome: process.env['FAKE_CHROME'] ?? '146.0.1.2' };
// As Electron runs a folder of sources: the script is no word of ours.
Object.defineProperties(process, { versions: { value: versions }, defaultApp: { value: true } });
await import('../../../../electron/main.ts');
pretend.ready();
