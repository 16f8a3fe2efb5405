import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../../src/main/ledger/ledger.ts';
import { writeGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../src/updater/install/layout.ts';
import type { Generation } from '../../../src/updater/model/generation.ts';
import { tempFolder } from '../../ground/folder.ts';

const now = (): Date => new Date('2026-11-10T12:00:00Z');

async function emptyInstance(root: string): Promise<Instance> {
  const instance = instanceOf(layoutOf(root), 'default');
  await mkdir(instance.generations, { recursive: true });
  return instance;
}

const failure = { code: 'start/failed', detail: 'it ended', retry: 'never' } as const;
const base = { evolutions: {}, dataVersion: 1, triesLeft: 2, treeDigest: 'a'.repeat(64), failure: null } as const;
const first: Generation = {
  ...base,
  n: 1,
  version: '1.0.0',
  epoch: 1,
  state: 'good',
  previous: null,
  why: 'install',
  data: 'clone',
  createdAt: '2026-11-01T00:00:00Z',
  startedAt: '2026-11-01T00:01:00Z',
  confirmedAt: '2026-11-01T00:02:00Z',
};
const second: Generation = {
  ...first,
  n: 2,
  version: '1.1.0',
  epoch: 2,
  state: 'bad',
  previous: 1,
  why: 'update',
  createdAt: '2026-11-02T00:00:00Z',
  startedAt: '2026-11-02T00:01:00Z',
  confirmedAt: null,
  failure,
};

describe('The ledger', () => {
  it('keeps what happened from beginning to end, across openings', async () => {
    await using folder = await tempFolder();
    const instance = await emptyInstance(folder.path);
    {
      using ledger = await openLedger(instance, now);
      const id = ledger.begin({ kind: 'update', from: '1.0.0', to: '1.1.0', by: 'user' });
      ledger.finish(id, { status: 'done', generation: 2, bytes: 4711 });
      ledger.begin({ kind: 'check', by: 'schedule' });
    }
    using ledger = await openLedger(instance, now);
    ledger.cutUnfinished();
    ledger.note({ kind: 'decision', to: '1.1.0', what: 'skip', by: 'user' });
    const at = '2026-11-10T12:00:00Z';
    const nothing = { from: null, to: null, generation: null, snapshot: null, error: null, bytes: null, what: null };
    expect(ledger.list(null, 10)).toEqual([
      { ...nothing, id: 3, kind: 'decision', to: '1.1.0', by: 'user', startedAt: at, finishedAt: at, status: 'done', what: 'skip' },
      { ...nothing, id: 2, kind: 'check', by: 'schedule', startedAt: at, finishedAt: at, status: 'cut' },
      {
        ...nothing,
        id: 1,
        kind: 'update',
        from: '1.0.0',
        to: '1.1.0',
        generation: 2,
        by: 'user',
        startedAt: at,
        finishedAt: at,
        status: 'done',
        bytes: 4711,
      },
    ]);
    expect(ledger.originOf(2)).toMatchObject({ id: 1, by: 'user' });
    expect(ledger.list('check', 10)).toHaveLength(1);
  });

  it('learns from the records what other processes did, once, and the verdict on a trial when it is there', async () => {
    await using folder = await tempFolder();
    const instance = await emptyInstance(folder.path);
    using ledger = await openLedger(instance, now);
    const id = ledger.begin({ kind: 'update', from: '1.0.0', to: '1.1.0', by: 'schedule' });
    ledger.finish(id, { status: 'done', generation: 2 });
    await writeGeneration(instance, first);
    await writeGeneration(instance, { ...second, state: 'trying', failure: null });
    await ledger.catchUp();
    await writeGeneration(instance, second);
    await ledger.catchUp();
    await ledger.catchUp();
    const rows = ledger.list(null, 10).map(({ kind, generation, status, by }) => [kind, generation, status, by]);
    expect(rows.toReversed()).toEqual([
      ['update', 2, 'done', 'schedule'],
      ['update', 1, 'done', null],
      ['trial', 1, 'done', null],
      ['trial', 2, 'failed', null],
    ]);
    expect(ledger.list('trial', 1)).toMatchObject([{ from: '1.0.0', to: '1.1.0', error: failure }]);
  });

  it.each<readonly [string, (path: string) => Promise<void>]>([
    ['random bytes', (path) => writeFile(path, Buffer.alloc(8192, 'not a database'))],
    ['cut off', (path) => truncate(path, 5000)],
    ['a page of zeros', (path) => writeFile(path, Buffer.alloc(4096), { flag: 'r+' })],
    [
      'a newer schema',
      async (path) => {
        using database = closing(path);
        database.pragma('user_version = 99');
      },
    ],
    [
      'a table that is not ours',
      async (path) => {
        using database = closing(path);
        database.exec('DROP TABLE events; CREATE TABLE events (other TEXT)');
      },
    ],
  ])('R15 that is damaged (%s) is set aside and made anew from the records', async (_, damage) => {
    await using folder = await tempFolder();
    const instance = await emptyInstance(folder.path);
    await writeGeneration(instance, first);
    await writeGeneration(instance, second);
    {
      using ledger = await openLedger(instance, now);
      expect(ledger.setAside).toBeNull();
      for (let i = 0; i < 100; i += 1) ledger.note({ kind: 'check', by: 'user' });
    }
    await damage(join(instance.folder, 'ledger.db'));
    using ledger = await openLedger(instance, now);
    expect(ledger.setAside).toBe('ledger.db.damaged-1');
    expect(await readdir(instance.folder)).toContain('ledger.db.damaged-1');
    expect(ledger.list(null, 10).map(({ kind, to, status }) => `${kind} ${to} ${status}`)).toEqual([
      'trial 1.1.0 failed',
      'update 1.1.0 done',
      'trial 1.0.0 done',
      'update 1.0.0 done',
    ]);
  });

  it('R15 that was deleted is made anew', async () => {
    await using folder = await tempFolder();
    const instance = await emptyInstance(folder.path);
    await writeGeneration(instance, first);
    using ledger = await openLedger(instance, now);
    await ledger.catchUp();
    expect(ledger.list('update', 10)).toMatchObject([{ to: '1.0.0' }]);
  });
});

function closing(path: string): Database.Database & Disposable {
  const database = new Database(path);
  return Object.assign(database, { [Symbol.dispose]: () => void database.close() });
}
