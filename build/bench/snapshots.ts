/**
 * Snapshots beside the least that they could cost: one of unchanged data against hashing that data, going back against copying it.
 *
 *     node build/bench/snapshots.ts [RUNS]
 *
 * Two kinds of data: 2,000 small files (12 MB), and one database of 100 MB with 40 MB of attachments. Lines of a table: ours, the
 * least, ratios of time and CPU.
 */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { scanTree } from '../../src/updater/disk/scan.ts';
import { bytesBelow } from '../../src/updater/disk/space.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { createSnapshot, type Wish } from '../../src/updater/store/create.ts';
import { unpackSnapshot } from '../../src/updater/store/unpack.ts';
import { compare, row } from './side-by-side.ts';

const job = quietJob();
const work = await mkdtemp(join(tmpdir(), 'moult-bench-'));

try {
  const runs = Number(process.argv[2] ?? 5);
  console.log('| | ours | the least | time | CPU |\n|---|---|---|---|---|');
  await benchmark('2,000 small files', { write: writeSmallFiles, runs });
  await benchmark('database of 100 MB, attachments of 40 MB', { write: writeDatabase, runs });
} finally {
  await rm(work, { recursive: true, force: true });
}

async function benchmark(name: string, { write, runs }: { write: (data: string) => Promise<void>; runs: number }): Promise<void> {
  const folder = await mkdtemp(join(work, 'case-'));
  const epoch = join(folder, 'epoch');
  await mkdir(join(epoch, 'data'), { recursive: true });
  await write(join(epoch, 'data'));
  // Only what has rested for two seconds is told by its times.
  await sleep(2100);
  const store = { objects: join(folder, 'objects'), snapshots: join(folder, 'snapshots') };
  const wish = wishFor(epoch);
  const startedAt = performance.now();
  const snapshot = await createSnapshot(store, wish, job);
  const firstMs = performance.now() - startedAt;
  const nothing = async (): Promise<void> => undefined;
  const hash = { prepare: nothing, run: () => scanTree(epoch, job) };
  const again = { prepare: nothing, run: () => createSnapshot(store, wish, job) };
  console.log(row(`${name}: unchanged, against hashing`, await compare(runs, again, hash)));
  const [back, copy] = [join(folder, 'back'), join(folder, 'copy')];
  const unpack = { prepare: () => fresh(back), run: () => unpackSnapshot(store.objects, { snapshot, folder: back }, job) };
  const copying = { prepare: () => fresh(copy), run: () => cp(epoch, copy, { recursive: true }) };
  console.log(row(`${name}: going back, against copying`, await compare(runs, unpack, copying)));
  const stored = await bytesBelow(store.objects);
  console.log(`  (the first one took ${firstMs.toFixed(0)} ms; ${snapshot.size} bytes became ${stored})`);
}

function wishFor(folder: string): Wish {
  const digest = '0'.repeat(64);
  const facts = { kind: 'manual', note: '', generation: 1, epoch: 1, product: 'moult', platform: 'linux', arch: 'x64' } as const;
  const subject = { folder, folders: ['data'], caches: [], databases: [] };
  const program = { version: '1.0.0', treeDigest: digest, evolutions: {}, dataVersion: 0 };
  return { facts: { ...facts, ...program }, subject, program: null, rehash: false, now: new Date() };
}

async function writeSmallFiles(data: string): Promise<void> {
  for (let n = 0; n < 2000; n += 1) {
    const place = join(data, String(n % 20));
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${n}.json`), JSON.stringify({ n, text: randomBytes(2000).toString('hex') }).repeat(1 + (n % 2)));
  }
}

async function writeDatabase(data: string): Promise<void> {
  const database = new Database(join(data, 'notes.db'));
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)');
  const insert = database.prepare('INSERT INTO notes (text) VALUES (?)');
  database.transaction(() => {
    for (let n = 0; n < 25_000; n += 1) insert.run(randomBytes(2000).toString('hex'));
  })();
  database.close();
  for (let n = 0; n < 10; n += 1) await writeFile(join(data, `picture ${n}.jpg`), randomBytes(4 * 1024 ** 2));
}

async function fresh(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
}
