/** The program's window: one at a time, sandboxed, without a menu of Electron's. */
import { app, BrowserWindow, Menu, nativeTheme } from 'electron';
import { origin } from './pages.ts';

/** What a window tells besides its page: somebody types, the session ends (Windows tells its windows, not the program). */
export interface Frame {
  typed(): void;
  sessionEnds(): void;
}

const crashMs = 60_000;

/** Shows the window, or brings the one that is there to the front. It is shown when its page is loaded: nothing waits for it to be painted. */
export async function showWindow(preload: string, frame: Frame): Promise<void> {
  const [present] = BrowserWindow.getAllWindows();
  if (present !== undefined) return bringToFront(present);
  const window = openWindow(preload);
  window.webContents.on('before-input-event', () => frame.typed());
  window.on('query-session-end', () => frame.sessionEnds());
  reloadAfterCrash(window);
  await window.loadURL(`${origin}/`);
  window.show();
}

/** The menu: on macOS the edit commands work through it alone, elsewhere there is none. */
export function setMenu(): void {
  const roles = [{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }] as const;
  Menu.setApplicationMenu(process.platform === 'darwin' ? Menu.buildFromTemplate([...roles]) : null);
}

function openWindow(preload: string): BrowserWindow {
  return new BrowserWindow({
    title: app.name,
    width: 1100,
    height: 760,
    minWidth: 360,
    minHeight: 400,
    show: false,
    // What is there before the page is: a window of the other colour would flash.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Its dictionaries would be fetched from somebody else's server.
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
}

function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** A page that crashed comes back once a minute at most: one that crashes at once stays away, and its trial or its person decides. */
function reloadAfterCrash(window: BrowserWindow): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason === 'clean-exit' || performance.now() - lastMs < crashMs) return;
    lastMs = performance.now();
    window.reload();
  });
}
