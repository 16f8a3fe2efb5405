/**
 * The window's own files over loopback: whatever was built into a folder, read when it is asked for.
 *
 * A page may load from this very place and nothing else. The nonce is for styles that its libraries add: the text `__MOULT_NONCE__`
 * in a page becomes this answer's nonce.
 */
import { randomBytes } from 'node:crypto';
import { extname, join } from 'node:path';
import { readBounded } from '../../../updater/disk/atomic.ts';

/** One answer: its bytes and the headers that go with them. */
export interface Page {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const largestBytes = 32 * 1024 ** 2;
const nonceMark = '__MOULT_NONCE__';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Plain names only: nothing begins with a dot, so nothing climbs out of the folder. */
const plainPath = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

/** The file that a path means below `folder`; null when there is none, or it is none of a window's. Without an index the page says so. */
export async function pageAt(folder: string, path: string): Promise<Page | null> {
  const name = path === '/' ? '/index.html' : path;
  const type = types[extname(name)];
  if (type === undefined || !plainPath.test(name)) return null;
  const bytes = await readBounded(join(folder, name), largestBytes);
  if (bytes === null && path === '/') return { bytes: Buffer.from(noWindow), headers: { 'content-type': 'text/plain; charset=utf-8' } };
  if (bytes === null) return null;
  return extname(name) === '.html' ? withNonce(bytes, type) : { bytes, headers: { 'content-type': type } };
}

const noWindow = 'Moult runs, but its window was not built into this copy. Everything works from the command line: moult --help\n';

function withNonce(bytes: Buffer, type: string): Page {
  const nonce = randomBytes(16).toString('base64');
  const text = bytes.toString('utf8').replaceAll(nonceMark, nonce);
  return { bytes: Buffer.from(text), headers: { 'content-type': type, 'content-security-policy': policyWith(`'nonce-${nonce}'`) } };
}

/** What every answer says, pages or not: nothing may be loaded, framed, sniffed, kept or read from elsewhere. */
export const strictHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policyWith(null),
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

function policyWith(nonce: string | null): string {
  const own = nonce === null ? "'self'" : `'self' ${nonce}`;
  return [
    "default-src 'none'",
    `script-src ${own}`,
    `style-src ${own}`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
