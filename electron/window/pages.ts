/**
 * The window's own files under a scheme of our own, `moult://app/…`: an origin without network and without the privileges of
 * `file:`. Only pages of this very origin, and the window itself, get anything.
 */
import type { CustomScheme, Protocol } from 'electron';
import { pageAt, strictHeaders } from '../../src/main/host/door/pages.ts';

const scheme = 'moult';

/** The origin of every window, as Electron writes it: without a slash at the end. */
export const origin = `${scheme}://app`;

/** What has to be said of the scheme before Electron is ready. */
export const schemes: CustomScheme[] = [{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }];

/** Whether an address is one of the window's own. */
export function isOurs(address: string): boolean {
  return address === origin || address.startsWith(`${origin}/`);
}

/** Serves a folder of pages to the windows of a session. */
export function servePages(protocol: Protocol, folder: string): void {
  protocol.handle(scheme, (request) => respond(request, folder));
}

/** Electron adds who asked to what it hands over; the window itself asks without one. */
interface Asked {
  readonly url: string;
  readonly method: string;
  readonly initiatorOrigin?: string;
}

async function respond({ url, method, initiatorOrigin = origin }: Asked, folder: string): Promise<Response> {
  const isAllowed = isOurs(url) && method === 'GET' && initiatorOrigin === origin;
  const page = isAllowed ? await pageAt(folder, new URL(url).pathname || '/') : null;
  if (page === null) return new Response(null, { status: 404, headers: strictHeaders });
  return new Response(Buffer.from(page.bytes), { headers: { ...strictHeaders, ...page.headers } });
}
