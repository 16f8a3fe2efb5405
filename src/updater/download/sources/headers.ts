/** Reading of answer headers (RFC 9110). They are whatever a stranger sent: what is not well-formed counts as not there. */

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Returns a header that stands there exactly once, or null. */
export function header(headers: Headers, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

/** Returns the range of a 206: `from` inclusive, `to` exclusive, `totalBytes` null where the server does not know (RFC 9110 14.4). */
export function contentRange(headers: Headers): { from: number; to: number; totalBytes: number | null } | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header(headers, 'content-range') ?? '');
  if (match === null) return null;
  const [, first, last, total] = match;
  return { from: Number(first), to: Number(last) + 1, totalBytes: total === '*' ? null : Number(total) };
}

/** Returns the length that the server announces in bytes, or null. */
export function contentLength(headers: Headers): number | null {
  const text = header(headers, 'content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Returns the ETag if it is a strong one: only that promises the same bytes (RFC 9110 8.8.3). */
export function strongValidator(headers: Headers): string | null {
  const tag = header(headers, 'etag') ?? '';
  return /^"[\u0021\u0023-\u007e]{0,256}"$/.test(tag) ? tag : null;
}

/** Returns how long a server asks us to wait, in milliseconds. A date counts from the server's own `Date`: our clock may be wrong. */
export function retryAfterMs(headers: Headers): number | null {
  const text = header(headers, 'retry-after') ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const waitMs = Date.parse(text) - Date.parse(header(headers, 'date') ?? '');
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}
