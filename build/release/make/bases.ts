import { compare, parse } from 'semver';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Entry } from '../publish/documents.ts';

/**
 * The published versions that a new one gets patches from, newest first: the last `count`, the newest of each of the last
 * three minors, and those named in `also`. Throws `usage/wrong` when one of these was not published or is not older.
 */
export function chooseBases(
  published: readonly Entry[],
  version: string,
  want: { count: number; also: readonly string[] },
): readonly Entry[] {
  const older = published.filter((entry) => compare(entry.version, version) < 0).toSorted((a, b) => compare(b.version, a.version));
  const named = want.also.map((name) => {
    const entry = older.find((each) => each.version === name);
    if (entry === undefined) throw new Failed('usage/wrong', `there is no published version ${name} below ${version} to make a patch from`);
    return entry;
  });
  const chosen = new Set([...(want.count === 0 ? [] : [...older.slice(0, want.count), ...newestOfMinors(older)]), ...named]);
  return older.filter((entry) => chosen.has(entry));
}

/** `older` is sorted, so the first of each minor is its newest. */
function newestOfMinors(older: readonly Entry[]): readonly Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of older) {
    const parsed = parse(entry.version);
    const minor = parsed === null ? entry.version : `${parsed.major}.${parsed.minor}`;
    if (!newest.has(minor)) newest.set(minor, entry);
  }
  return [...newest.values()].slice(0, 3);
}
