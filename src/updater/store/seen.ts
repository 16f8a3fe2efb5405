/**
 * What the last snapshot saw: per path a stamp and the content that was kept for it, so that unchanged files are not read again.
 *
 * `snapshots/.seen` may be lost, damaged or stale at any time: then everything is hashed anew. A file that changed less than two
 * seconds before it was looked at is never noted, since it could change again within one tick of the file system's clock.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../disk/atomic.ts';
import { parseAs, sha256Schema, sizeSchema } from '../model/parse.ts';
import type { Stamp } from './collect.ts';
import type { Content } from './objects.ts';

const seenSchema = z.record(
  z.string(),
  z.object({ stamp: z.string(), kind: z.enum(['file', 'database']), size: sizeSchema, sha256: sha256Schema }),
);

/** By path below the epoch. */
export type Seen = Readonly<z.infer<typeof seenSchema>>;
/** One thing that was kept, as it may be noted. */
export interface Sight {
  readonly path: string;
  readonly kind: 'file' | 'database';
  readonly stamp: Stamp;
  readonly content: Content;
}

const settledMs = 2000;
const maxBytes = 256 * 1024 ** 2;

/** What the last snapshot saw; nothing when that is lost. */
export async function readSeen(snapshots: string): Promise<Seen> {
  const parse = (value: unknown): Seen => parseAs(seenSchema, value, { what: 'seen files', code: 'state/damaged' });
  return (await readableRecord(seenPath(snapshots), parse, maxBytes)) ?? {};
}

/** What a snapshot that began at `beganAtMs` (milliseconds since 1970) saw, and what the one before had noted. */
export interface Sights {
  readonly before: Seen;
  readonly sights: readonly Sight[];
  readonly beganAtMs: number;
}

/** Notes what was seen, unless it is what was noted before. Atomic. */
export async function writeSeen(snapshots: string, { before, sights, beganAtMs }: Sights): Promise<void> {
  const settled = sights.filter(({ stamp }) => stamp.changedAtMs < beganAtMs - settledMs);
  const isNoted = settled.every(({ path, stamp }) => before[path]?.stamp === stamp.text);
  if (isNoted && settled.length === Object.keys(before).length) return;
  const entries = settled.map(({ path, kind, stamp, content }) => [path, { stamp: stamp.text, kind, ...content }] as const);
  await writeRecord(seenPath(snapshots), Object.fromEntries(entries));
}

function seenPath(snapshots: string): string {
  return join(snapshots, '.seen');
}
