/** What the notes application does in each mode of the boot contract. Every mode but `run` ends by itself. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../updater/disk/atomic.ts';
import { Failed } from '../../updater/model/failure.ts';
import { parseAs } from '../../updater/model/parse.ts';
import { exportNotes } from './exporters.ts';
import { migrateNotes, openNotes, readNotes, type Notes } from './notes.ts';
import { sayHealth, type Surroundings } from './surroundings.ts';
import { runWords } from './words.ts';

/** Carries out the mode; `words` are what a person typed after the program's name. */
export async function carryOut(around: Surroundings, words: readonly string[]): Promise<void> {
  switch (around.mode) {
    case 'run':
      return run(around, words);
    case 'preflight':
      return rehearse(around);
    case 'migrate':
      return migrateEpoch(around);
    case 'export':
      return exportEpoch(around);
  }
}

async function run(around: Surroundings, words: readonly string[]): Promise<void> {
  using notes = await begin(around);
  if (words.length > 0) return runWords(words, notes, await readSettings(around));
  sayHealth(around, { stage: 'service' });
  sayHealth(around, { stage: 'ready' });
  const quitting = await leaving();
  if (quitting !== null) sayHealth(around, { quitting });
}

/** Everything a start does, on a copy, and a note that is written, found and taken back. */
async function rehearse(around: Surroundings): Promise<void> {
  using notes = await begin(around);
  notes.rehearse();
  sayHealth(around, { stage: 'service' });
  sayHealth(around, { stage: 'ready' });
}

async function migrateEpoch({ database, dataVersion }: Surroundings): Promise<void> {
  if (existsSync(database)) migrateNotes(database, dataVersion);
}

async function exportEpoch({ database, exportTo }: Surroundings): Promise<void> {
  if (exportTo === null) throw new Failed('usage/wrong', 'MOULT_EXPORT_TO names no folder');
  await exportNotes(existsSync(database) ? readNotes(database) : [], exportTo);
}

/** Opens what the application needs, stage by stage. */
async function begin(around: Surroundings): Promise<Notes> {
  sayHealth(around, { stage: 'loaded' });
  await readSettings(around);
  sayHealth(around, { stage: 'config' });
  await mkdir(dirname(around.database), { recursive: true, mode: 0o700 });
  const notes = openNotes(around.database, around.dataVersion);
  sayHealth(around, { stage: 'database' });
  return notes;
}

const settingsSchema = z.object({ newestFirst: z.boolean().default(true) });

/** What a person set: `config/notes.json`. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

async function readSettings({ epoch }: Surroundings): Promise<Settings> {
  const parse = (value: unknown): Settings => parseAs(settingsSchema, value, { what: 'config/notes.json', code: 'state/damaged' });
  return (await readRecord(join(epoch, 'config', 'notes.json'), parse)) ?? { newestFirst: true };
}

/**
 * Waits until the application is to leave, and says whose wish that is: null when whoever watched it is gone. Its writes are
 * synchronous, so nothing is under way by then: there is nothing more to it than closing the notes.
 */
async function leaving(): Promise<'user' | 'session' | null> {
  const stop = new AbortController();
  const { signal } = stop;
  // Something has to keep the process alive while nobody types.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const ways = [
      once(process, 'SIGINT', { signal }).then(() => 'user' as const),
      once(process, 'SIGTERM', { signal }).then(() => 'session' as const),
      once(process, 'disconnect', { signal }).then(() => null),
    ];
    const first = await Promise.race(ways);
    stop.abort();
    await Promise.allSettled(ways);
    return first;
  } finally {
    clearInterval(alive);
  }
}
