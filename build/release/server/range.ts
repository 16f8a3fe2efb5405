/** What of a file an answer carries: all of it, some bytes (`end` exclusive), or nothing because the wanted bytes do not exist. */
export type Selection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'bytes'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

/** Reads a Range header against a file of `size` bytes (RFC 9110, 14.1–14.2); what is malformed or asks for several ranges is answered whole. */
export function selectRange(header: string | undefined, size: number): Selection {
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim());
  if (match === null) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') return bytes(Math.max(0, size - Number(last)), size, Number(last) > 0);
  if (last !== '' && Number(last) < Number(first)) return { kind: 'whole' };
  return bytes(Number(first), last === '' ? size : Math.min(size, Number(last) + 1), true);
}

function bytes(start: number, end: number, wanted: boolean): Selection {
  return wanted && start < end ? { kind: 'bytes', start, end } : { kind: 'unsatisfiable' };
}

/** Whether one of the entity tags in an If-Match style list is this one (weak comparison, as If-None-Match wants it; RFC 9110, 13.1.2). */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === tag);
}
