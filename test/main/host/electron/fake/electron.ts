/**
 * As much of Electron's main process as the product uses, with the traps that a careless main would fall into: it is ready only when
 * its main module has loaded, some calls come too late then and others too early before, and a preload finds nothing but `electron`.
 */
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { MessageChannel } from 'node:worker_threads';

const seen = {
  isSandboxed: false,
  isReady: false,
  schemes: [] as unknown[],
  paths: {} as Record<string, string>,
  menu: undefined as unknown,
  notices: [] as unknown[],
  tooltips: [] as string[],
  theme: '',
  isFirst: process.env['FAKE_SECOND'] === undefined,
};
const readiness = Promise.withResolvers<void>();

function onlyBeforeReady(what: string): void {
  if (seen.isReady) throw new Error(`${what} comes too late`);
}

class FakeApp extends EventEmitter {
  name = 'electron';
  isPackaged = true;
  setName(name: string): void {
    this.name = name;
  }
  setAppUserModelId(): void {}
  enableSandbox(): void {
    onlyBeforeReady('enableSandbox');
    seen.isSandboxed = true;
  }
  setPath(name: string, path: string): void {
    onlyBeforeReady('setPath');
    seen.paths[name] = path;
  }
  requestSingleInstanceLock(): boolean {
    return seen.isFirst;
  }
  whenReady(): Promise<void> {
    return readiness.promise;
  }
  getPreferredSystemLanguages(): string[] {
    return ['de-AT', 'en'];
  }
  exit(code: number): void {
    process.exit(code);
  }
}

export const app = new FakeApp();
export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]): void => {
    onlyBeforeReady('registerSchemesAsPrivileged');
    seen.schemes.push(...schemes);
  },
};

type Serve = (request: { url: string; method: string; initiatorOrigin?: string }) => Promise<Response>;
type Permission = { request?: unknown; check?: unknown; device?: unknown; media?: unknown; reach?: unknown };
export const handlers: { serve?: Serve } & Permission = {};

class FakeSession extends EventEmitter {
  protocol = { handle: (_: string, serve: Serve): void => void (handlers.serve = serve) };
  webRequest = { onBeforeRequest: (reach: unknown): void => void (handlers.reach = reach) };
  setPermissionRequestHandler(handler: unknown): void {
    handlers.request = handler;
  }
  setPermissionCheckHandler(handler: unknown): void {
    handlers.check = handler;
  }
  setDevicePermissionHandler(handler: unknown): void {
    handlers.device = handler;
  }
  setDisplayMediaRequestHandler(handler: unknown): void {
    handlers.media = handler;
  }
}

export const session = { defaultSession: new FakeSession() };

class FakeIpc extends EventEmitter {
  answers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();
  handle(channel: string, answer: (event: unknown, ...args: unknown[]) => unknown): void {
    if (this.answers.has(channel)) throw new Error(`${channel} is handled twice`);
    this.answers.set(channel, answer);
  }
  removeHandler(channel: string): void {
    this.answers.delete(channel);
  }
}

export const ipcMain = new FakeIpc();

/** A frame as a message's sender shows it. */
export interface FakeFrame {
  readonly origin: string;
  readonly parent: unknown;
  readonly detached: boolean;
}

class FakeContents extends EventEmitter {
  id = 1;
  mainFrame: FakeFrame = { origin: 'null', parent: null, detached: false };
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
}

/** What a page finds in its world. */
export interface World {
  readonly [name: string]: unknown;
}

export class BrowserWindow extends EventEmitter {
  static windows: BrowserWindow[] = [];
  static getAllWindows(): BrowserWindow[] {
    return BrowserWindow.windows;
  }
  readonly webContents = new FakeContents();
  readonly options: { readonly webPreferences: { readonly preload: string } };
  world: World = {};
  calls: unknown[] = [];
  constructor(options: { readonly webPreferences: { readonly preload: string } }) {
    super();
    if (!seen.isReady) throw new Error('a window comes too early');
    this.options = options;
    BrowserWindow.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    const page = await handlers.serve?.({ url, method: 'GET' });
    if (page?.status !== 200) throw new Error(`no page at ${url}`);
    this.webContents.mainFrame = { origin: url.split('/', 3).join('/'), parent: null, detached: false };
    this.world = loadPreload(this.options.webPreferences.preload, this.webContents);
    this.calls.push(`load ${url}`);
  }
  show(): void {
    this.calls.push('show');
  }
  focus(): void {
    this.calls.push('focus');
  }
  reload(): void {
    this.calls.push('reload');
  }
  isMinimized(): boolean {
    return false;
  }
  isFullScreen(): boolean {
    return false;
  }
  setProgressBar(share: number): void {
    this.calls.push(share);
  }
  destroy(): void {
    BrowserWindow.windows = BrowserWindow.windows.filter((window) => window !== this);
    this.emit('closed');
  }
}

/** Runs a preload as a sandbox does: CommonJS, and nothing to require but the renderer's half of `electron`. */
function loadPreload(path: string, sender: FakeContents): World {
  const world: Record<string, unknown> = {};
  const event = (): object => ({ sender, senderFrame: sender.mainFrame });
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string, value: unknown) => void (world[name] = value) },
    ipcRenderer: {
      invoke: async (channel: string, ...args: unknown[]) =>
        ipcMain.answers.get(channel)?.(event(), ...args.map((arg) => structuredClone(arg))),
      send: (channel: string, ...args: unknown[]) => ipcMain.emit(channel, event(), ...args),
      postMessage: (channel: string, message: unknown, ports: unknown[]) => ipcMain.emit(channel, { ...event(), ports }, message),
    },
  };
  const sandboxed = (name: string): unknown => {
    if (name !== 'electron') throw new Error(`a sandboxed preload may not require ${name}`);
    return electron;
  };
  const navigator = { onLine: true };
  const page = Object.assign(new EventTarget(), { navigator });
  vm.runInNewContext(readFileSync(path, 'utf8'), { window: page, navigator, MessageChannel, require: sandboxed });
  return { ...world, window: page, navigator };
}

export const Menu = {
  setApplicationMenu: (menu: unknown): void => void (seen.menu = menu),
  buildFromTemplate: (template: unknown): unknown => template,
};
export const nativeImage = { createFromPath: (path: string) => ({ path, resize: () => ({ path }) }) };
export const nativeTheme = {
  shouldUseDarkColors: false,
  set themeSource(theme: string) {
    seen.theme = theme;
  },
};
export const net = { isOnline: (): boolean => true };

class FakePower extends EventEmitter {
  state = 'unknown';
  idleSeconds = 0;
  getSystemIdleState(): string {
    return this.state;
  }
  getSystemIdleTime(): number {
    return this.idleSeconds;
  }
  isOnBatteryPower(): boolean {
    return false;
  }
}

export const powerMonitor = new FakePower();

export class Tray extends EventEmitter {
  setToolTip(text: string): void {
    seen.tooltips.push(text);
  }
  setContextMenu(): void {}
  destroy(): void {}
}

export class Notification extends EventEmitter {
  static isSupported(): boolean {
    return true;
  }
  readonly options: unknown;
  constructor(options: unknown) {
    super();
    this.options = options;
  }
  show(): void {
    seen.notices.push(this.options);
  }
}

export const utilityProcess = {
  fork: (path: string): EventEmitter => {
    if (!seen.isReady) throw new Error('a utility process comes too early');
    const child = fork(fileURLToPath(new URL('./utility-process.ts', import.meta.url)), [path], { serialization: 'advanced' });
    return Object.assign(child, { postMessage: (message: object) => child.send(message) });
  },
};

/** What the fake saw, and the moment of readiness: after the main module has loaded, never before. */
export const pretend = {
  seen,
  ready: (): void => {
    seen.isReady = true;
    readiness.resolve();
  },
};
