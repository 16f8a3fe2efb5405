/** The installed Chromium, Chrome or Edge as a window of an application: found on this machine, never fetched. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable'];
const macPrograms = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
const windowsPlaces = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe'];

/** The browser to open windows with; null where there is none, no display, or `MOULT_BROWSER` is `none`. That variable names another one. */
export function findBrowser(environment: NodeJS.ProcessEnv): string | null {
  const wished = environment['MOULT_BROWSER'];
  if (wished !== undefined && wished !== '') return wished === 'none' ? null : wished;
  if (!hasDisplay(environment)) return null;
  return candidates(environment).find(isProgram) ?? null;
}

/** An opened window's process; `ended` resolves when it is gone, or was never there, and so does `close`: its profile is whole then. */
export interface BrowserWindow {
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** How long a browser may take to write its profile down before it is killed. */
const graceMs = 5000;

/** Opens `page` (a file) as a window without the browser's own controls, with a profile of the application's own. */
export function openWindow(browser: string, page: string, profile: string): BrowserWindow {
  const args = [`--app=file://${page}`, `--user-data-dir=${profile}`, '--no-first-run', '--no-default-browser-check', '--disable-sync'];
  // Chromium does not start as root with its sandbox on.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(browser, [...args, ...asRoot], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await ended;
  };
  return { ended, close };
}

function hasDisplay({ DISPLAY = '', WAYLAND_DISPLAY = '' }: NodeJS.ProcessEnv): boolean {
  return process.platform === 'win32' || process.platform === 'darwin' || `${DISPLAY}${WAYLAND_DISPLAY}` !== '';
}

function candidates(environment: NodeJS.ProcessEnv): readonly string[] {
  if (process.platform === 'darwin') return macPrograms;
  if (process.platform !== 'win32') return folders(environment['PATH']).flatMap((folder) => names.map((name) => join(folder, name)));
  const parents = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => environment[name] ?? []);
  return parents.flatMap((parent) => windowsPlaces.map((place) => join(parent, place)));
}

function folders(path = ''): readonly string[] {
  return path.split(delimiter).filter((folder) => folder !== '');
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // The question itself: access refuses by throwing.
    return false;
  }
}
