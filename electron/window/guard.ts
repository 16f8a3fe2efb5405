/** What no page may do, whoever wrote it: go elsewhere, open windows, embed, download, ask for devices, reach the network. */
import type { App, Session, WebContents, WebFrameMain } from 'electron';
import { isOurs, origin } from './pages.ts';

/** Watches over every page that there will ever be. Before Electron is ready. */
export function guardPages(app: App): void {
  app.enableSandbox();
  app.on('web-contents-created', (_, contents) => guard(contents));
}

/** Writing plain text where the person can paste it, on a click: all that a page of ours is granted. */
const granted = 'clipboard-sanitized-write';

/** Refuses everything that the pages of a session could ask the machine for. */
export function guardSession(session: Session): void {
  const isGranted = (permission: string, asking: string): boolean => permission === granted && asking === origin;
  session.setPermissionRequestHandler((contents, permission, decide) => decide(isGranted(permission, contents.mainFrame.origin)));
  session.setPermissionCheckHandler((_, permission, asking) => isGranted(permission, asking.replace(/\/$/, '')));
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_, decide) => decide(null));
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !isOurs(url) && !url.startsWith('data:') }));
}

/** Whether a message comes from the page of one of our windows itself: not from a frame in it, and not after it went elsewhere. */
export function isFromOurPage(frame: WebFrameMain | null): boolean {
  return frame !== null && !frame.detached && frame.parent === null && frame.origin === origin;
}

function guard(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isOurs(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
}
