/** What a good server answers, as data, so that a fault can spoil any of it. */

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Answers as RFC 9110 says, with single ranges, If-Range and a strong ETag; without a file, 404. */
export function properAnswer(request: Request, file: { readonly bytes: Uint8Array; readonly etag: string } | undefined): Answer {
  if (file === undefined) return plain(404, 'nothing here');
  const { bytes, etag } = file;
  const range = rangeOf(request, bytes.length, etag);
  if (range === null) return { status: 200, headers: { ETag: etag, 'Content-Length': String(bytes.length) }, body: bytes };
  const [from, to] = range;
  if (from >= to || to > bytes.length)
    return { ...plain(416, ''), headers: { 'Content-Range': `bytes */${bytes.length}`, 'Content-Length': '0' } };
  const headers = { ETag: etag, 'Content-Range': `bytes ${from}-${to - 1}/${bytes.length}`, 'Content-Length': String(to - from) };
  return { status: 206, headers, body: bytes.subarray(from, to) };
}

/** A short text as an answer. */
export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = Buffer.from(text);
  return { status, headers: { ...headers, 'Content-Length': String(body.length) }, body };
}

/** The bytes on the wire before the body. */
export function headText({ status, headers }: Answer): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Answer\r\n${lines.join('')}\r\n`;
}

function rangeOf(request: Request, size: number, etag: string): readonly [number, number] | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers['range'] ?? '');
  const condition = request.headers['if-range'];
  if (match === null || (condition !== undefined && condition !== etag)) return null;
  return [Number(match[1]), match[2] === '' ? size : Number(match[2]) + 1];
}
