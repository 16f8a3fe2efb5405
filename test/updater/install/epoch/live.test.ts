import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { copyState } from '../../../../src/updater/install/epoch/clone.ts';
import { parseDataDeclaration } from '../../../../src/updater/model/application/data.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { tempFolder } from '../../../ground/folder.ts';

it('a live copy of a database that is locked for good is a failure, never an empty copy', async () => {
  await using folder = await tempFolder();
  const [from, to] = [join(folder.path, 'from'), join(folder.path, 'to')];
  await mkdir(join(from, 'data'), { recursive: true });
  await mkdir(to);
  const database = new Database(join(from, 'data/notes.db'));
  database.exec('CREATE TABLE note (text); INSERT INTO note VALUES (1)');
  database.exec('BEGIN EXCLUSIVE');
  const declaration = parseDataDeclaration({ state: ['data'], databases: ['data/notes.db'], migrations: [] });
  const copied = copyState({ from, to, declaration, isLive: true }, quietJob());
  await expect(copied).rejects.toMatchObject({ code: 'disk/busy' });
  database.close();
});
