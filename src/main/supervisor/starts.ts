/**
 * How the last starts of good generations ended: `starts.json`, at most three, the newest last.
 *
 * A start is noted before its program runs and again when it lasted or ended; what was killed in between did neither. No clock
 * is compared. A record that cannot be written or read is done without: it only decides whether the person is asked.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../../updater/disk/atomic.ts';
import type { Instance } from '../../updater/install/layout.ts';
import { failureOf } from '../../updater/model/failure.ts';
import { parseAs } from '../../updater/model/parse.ts';

const startSchema = z.object({ n: z.int().positive(), isFine: z.boolean() });
const startsSchema = z.object({ starts: z.array(startSchema).max(3), told: z.int().nonnegative() });

type Starts = Readonly<z.infer<typeof startsSchema>>;

/** Notes a start, not fine so far. */
export async function noteStart(instance: Instance, n: number): Promise<void> {
  const { starts, told } = await readStarts(instance);
  await writeStarts(instance, { starts: [...starts, { n, isFine: false }].slice(-3), told: Math.max(0, told - 1) });
}

/** Notes that the last start was fine: it lasted, or was ended by the person or the session. */
export async function noteFine(instance: Instance): Promise<void> {
  const { starts } = await readStarts(instance);
  await writeStarts(instance, {
    starts: starts.map((start, i) => (i === starts.length - 1 ? { ...start, isFine: true } : start)),
    told: 0,
  });
}

/** Whether the last three starts were all of generation `n` and none was fine. Once that was told, the next start may be made all the same. */
export async function isUnstable(instance: Instance, n: number): Promise<boolean> {
  const { starts, told } = await readStarts(instance);
  return told === 0 && starts.length === 3 && starts.every((start) => start.n === n && !start.isFine);
}

/** Notes that the person was told. */
export async function noteTold(instance: Instance): Promise<void> {
  await writeStarts(instance, { starts: (await readStarts(instance)).starts, told: 1 });
}

async function readStarts(instance: Instance): Promise<Starts> {
  const starts = await readableRecord(pathOf(instance), (value) =>
    parseAs(startsSchema, value, { what: 'starts.json', code: 'state/damaged' }),
  );
  return starts ?? { starts: [], told: 0 };
}

async function writeStarts(instance: Instance, starts: Starts): Promise<void> {
  try {
    await writeRecord(pathOf(instance), starts);
  } catch (error) {
    // A full or read-only disk does not keep a good version from starting.
    if (!failureOf(error).code.startsWith('disk/')) throw error;
  }
}

function pathOf(instance: Instance): string {
  return join(instance.folder, 'starts.json');
}
