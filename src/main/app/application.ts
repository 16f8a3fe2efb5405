/** The notes as an application of the shell. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../updater/disk/atomic.ts';
import { parseAs } from '../../updater/model/parse.ts';
import type { Application, OpenApplication, Reach } from '../shell/application.ts';
import type { Around } from '../shell/around.ts';
import { openNotes, type Notes } from './notes.ts';
import { notesAround } from './surroundings.ts';

export const notesApplication: Application = {
  name: 'notes',
  open: async (around, reach) => applicationOf(await beginNotes(around, reach), reach),
};

/** Opens the notes, stage by stage, with what a person set. Throws `state/damaged`, `switch/data`, `start/failed`. */
export async function beginNotes(around: Around, { stage }: Pick<Reach, 'stage'>): Promise<Notes> {
  await readSettings(around);
  stage('config');
  const { database, dataVersion } = await notesAround(around, process.cwd());
  await mkdir(dirname(database), { recursive: true, mode: 0o700 });
  const notes = openNotes(database, dataVersion);
  stage('database');
  return notes;
}

function applicationOf(notes: Notes, { changed }: Reach): OpenApplication {
  return {
    handlers: {
      'notes/list': async ({ search }) => (search.trim() === '' ? notes.list() : notes.search(search)),
      'notes/write': async ({ id, text }) => {
        const note = id === null ? notes.write(text, new Date()) : notes.rewrite(id, text, new Date());
        changed();
        return note;
      },
      'notes/delete': async ({ id }) => {
        notes.remove(id);
        changed();
        return null;
      },
    },
    // Every write is on disk when it is answered; what is half-written is the window's, which says so itself.
    busy: () => [],
    quiesce: async () => undefined,
    [Symbol.asyncDispose]: async () => notes[Symbol.dispose](),
  };
}

const settingsSchema = z.object({ newestFirst: z.boolean().default(true) });

/** What a person set: `config/notes.json`. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

/** Reads it; throws `state/damaged`. */
export async function readSettings({ epoch }: Pick<Around, 'epoch'>): Promise<Settings> {
  const parse = (value: unknown): Settings => parseAs(settingsSchema, value, { what: 'config/notes.json', code: 'state/damaged' });
  return (await readRecord(join(epoch, 'config', 'notes.json'), parse)) ?? { newestFirst: true };
}
