/** Where a person's notes are: in epochs and in snapshots, each copy whole or not. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { epochFolder, listEpochs } from '../../../../src/updater/install/epoch/record.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { failureOf } from '../../../../src/updater/model/failure.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { listSnapshots } from '../../../../src/updater/store/records.ts';
import { unpackSnapshot } from '../../../../src/updater/store/unpack.ts';
import { tempFolder } from '../../../ground/folder.ts';

/** The notes at one place as one text: the data version, then the notes; or what is wrong with them. */
export interface Copy {
  readonly place: string;
  readonly epoch: number | null;
  readonly notes: string;
}

/** Every copy below a root; changes nothing there. */
export async function copiesIn(root: string): Promise<readonly Copy[]> {
  const [layout, instance] = [layoutOf(root), instanceOf(layoutOf(root), 'default')];
  await using aside = await tempFolder();
  const copies: Copy[] = [];
  for (const { epoch } of await listEpochs(instance)) {
    const notes = await notesIn(join(epochFolder(instance, epoch), 'data'), join(aside.path, `${epoch}`));
    copies.push({ place: `epoch ${epoch}`, epoch, notes });
  }
  for (const listed of await listSnapshots(instance.snapshots)) {
    const folder = join(aside.path, listed.id);
    const unpacked = async (): Promise<string> => {
      if (listed.kind === 'damaged') return listed.failure.detail;
      await unpackSnapshot(layout.objects, { snapshot: listed.snapshot, folder }, quietJob());
      return notesIn(join(folder, 'data'), join(folder, 'read'));
    };
    copies.push({
      place: `snapshot ${listed.id}`,
      epoch: null,
      notes: await unpacked().catch((error: unknown) => failureOf(error).detail),
    });
  }
  return copies;
}

const rowsSchema = z.array(z.object({ text: z.string(), title: z.string().optional() }));

/** Reads a copy of the database and what stands beside it, since opening one may change it. */
async function notesIn(data: string, aside: string): Promise<string> {
  await mkdir(aside, { recursive: true });
  for (const name of await readdir(data)) if (name.startsWith('notes.db')) await copyFile(join(data, name), join(aside, name));
  const database = new Database(join(aside, 'notes.db'));
  try {
    const rows = rowsSchema.parse(database.prepare('SELECT * FROM notes ORDER BY id').all());
    const version = String(database.pragma('user_version', { simple: true }));
    return `${version}: ${rows.map(({ text, title }) => (title === undefined ? text : `${text}/${title}`)).join(' ')}`;
  } catch (error) {
    // Whatever cannot be read is what is looked for.
    return String(error);
  } finally {
    database.close();
  }
}
