/** The icon beside the clock: it brings the window back and says how far an update is. */
import { app, BrowserWindow, Menu, nativeImage, Tray } from 'electron';

/** An icon beside the clock, where the desktop has a place for it. */
export interface Status extends Disposable {
  /** 0–1, or null for nothing on its way: at the tray, and at the window's own icon. */
  showProgress(share: number | null): void;
}

const heightPixels = process.platform === 'darwin' ? 18 : 22;

/** Puts the picture of a file beside the clock; `show` is asked for by a click. */
export function openStatus(icon: string, show: () => void): Status {
  const tray = new Tray(nativeImage.createFromPath(icon).resize({ height: heightPixels }));
  tray.setToolTip(app.name);
  tray.setContextMenu(Menu.buildFromTemplate([{ label: app.name, click: show }, { role: 'quit' }]));
  tray.on('click', show);
  const showProgress = (share: number | null): void => {
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(share ?? -1);
    tray.setToolTip(share === null ? app.name : `${app.name} ${Math.round(share * 100)} %`);
  };
  return { showProgress, [Symbol.dispose]: () => tray.destroy() };
}
