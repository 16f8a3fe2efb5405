/** What the notes find around them besides what the shell knows: their database, and the data version that they are held to. */
import { join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../updater/disk/atomic.ts';
import { parseAs } from '../../updater/model/parse.ts';
import type { Around } from '../shell/around.ts';
import { newestDataVersion } from './migrations.ts';

/** `dataVersion` is what this version of the notes reads and writes. */
export interface Surroundings {
  readonly database: string;
  readonly dataVersion: number;
}

/** Looks for them; `tree` is the version's folder. Throws `start/failed` for a data version that nobody knows. */
export async function notesAround({ epoch }: Pick<Around, 'epoch'>, tree: string): Promise<Surroundings> {
  return { database: join(epoch, 'data', 'notes.db'), dataVersion: await dataVersionOfTree(tree) };
}

const settingSchema = z.object({ dataVersion: z.int().min(1).max(newestDataVersion) });

/** `app.json` in the tree may hold an older data version on: so a release can be of the program and not yet of its data. */
async function dataVersionOfTree(tree: string): Promise<number> {
  const parse = (value: unknown) => parseAs(settingSchema, value, { what: 'app.json', code: 'start/failed' });
  return (await readRecord(join(tree, 'app.json'), parse))?.dataVersion ?? newestDataVersion;
}
