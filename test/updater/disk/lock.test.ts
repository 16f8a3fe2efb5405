import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

const url = (name: string): string => JSON.stringify(new URL(`../../../src/updater/${name}`, import.meta.url).href);
const imports = `import { takeLock } from ${url('disk/lock.ts')}; import { quietJob } from ${url('model/job.ts')};`;

/** Another process that holds the lock until it is stopped or killed. */
async function holder(path: string): Promise<{ child: ChildProcess } & AsyncDisposable> {
  const script = `${imports} await takeLock(${JSON.stringify(path)}, { waitMs: 0 }, quietJob()); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { child, [Symbol.asyncDispose]: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Whether another process can take the lock now. */
async function isFree(path: string): Promise<boolean> {
  const script = `${imports} await using lock = await takeLock(${JSON.stringify(path)}, { waitMs: 0 }, quietJob()); process.exitCode = lock.stillHeld() ? 0 : 1;`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code === 0;
}

test('R11 one holds the lock, the other is told that it is busy, and gets it afterwards', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  {
    await using first = await takeLock(path, { waitMs: 0 }, quietJob());
    expect(first.stillHeld()).toBe(true);
    await expect(takeLock(path, { waitMs: 120 }, quietJob())).rejects.toMatchObject({ code: 'disk/busy' });
    expect([first.stillHeld(), await isFree(path)]).toEqual([true, false]);
  }
  expect(await isFree(path)).toBe(true);
  await using second = await takeLock(path, { waitMs: 0 }, quietJob());
  expect([second.stillHeld(), await readdir(folder.path)]).toEqual([true, ['lock.db']]);
});

test('R11 R14 a stopped process keeps the lock, and the lock of a killed one is taken over while waiting', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  await using other = await holder(path);
  other.child.kill('SIGSTOP');
  await expect(takeLock(path, { waitMs: 200 }, quietJob())).rejects.toMatchObject({ code: 'disk/busy' });
  const waiting = takeLock(path, { waitMs: 10_000 }, quietJob());
  await sleep(100);
  other.child.kill('SIGKILL');
  await using lock = await waiting;
  expect(lock.stillHeld()).toBe(true);
});

test('R11 planted violation: opening and closing the file elsewhere in this process releases the lock, and that is noticed', async ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('only Linux shows which locks are held');
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  await using lock = await takeLock(path, { waitMs: 0 }, quietJob());
  closeSync(openSync(path, 'r'));
  expect([await isFree(path), lock.stillHeld()]).toEqual([true, false]);
});

test('a lock whose file was exchanged or removed is not held any more', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  await using first = await takeLock(path, { waitMs: 0 }, quietJob());
  renameSync(path, `${path}.away`);
  expect(first.stillHeld()).toBe(false);
  await using second = await takeLock(path, { waitMs: 0 }, quietJob());
  expect([first.stillHeld(), second.stillHeld()]).toEqual([false, true]);
});

test('R15 a lock file with random bytes, or cut off, is taken over', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  for (const bytes of ['random bytes '.repeat(1000), 'SQLite format 3\u0000']) {
    writeFileSync(path, bytes);
    await using lock = await takeLock(path, { waitMs: 1000 }, quietJob());
    expect([lock.stillHeld(), await isFree(path)]).toEqual([true, false]);
  }
});

test('S19 a link at the place of the lock is not followed', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  const canary = join(folder.path, 'canary');
  writeFileSync(canary, 'alive');
  await symlink('canary', path);
  await expect(takeLock(path, { waitMs: 0 }, quietJob())).rejects.toMatchObject({ code: 'disk/unsafe' });
  expect(readFileSync(canary, 'utf8')).toBe('alive');
});

test('R18 a root that this user may not write is reported as denied', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('needs root to become another user');
  await using folder = await tempFolder();
  chmodSync(folder.path, 0o755);
  writeFileSync(join(folder.path, 'lock.db'), '', { mode: 0o644 });
  const other = (name: string): string => `await takeLock(${JSON.stringify(join(folder.path, name))}, { waitMs: 0 }, quietJob())
    .then(() => console.log('taken'), (error) => console.log(failureOf(error).code));`;
  const script = `${imports} import { failureOf } from ${url('model/failure.ts')};
    process.setgid(65534); process.setuid(65534); ${other('lock.db')} ${other('new-lock.db')}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = await child.stdout.setEncoding('utf8').toArray();
  expect(lines.join('').trim().split('\n')).toEqual(['disk/denied', 'disk/denied']);
});

test('waiting for a lock ends when the job is stopped', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock.db');
  await using _first = await takeLock(path, { waitMs: 0 }, quietJob());
  const stop = new AbortController();
  const waiting = takeLock(path, { waitMs: 60_000 }, { ...quietJob(), signal: stop.signal });
  stop.abort();
  expect(failureOf(await waiting.catch((error: unknown) => error)).code).toBe('job/cancelled');
});

test('no other source file opens a lock file', async () => {
  const root = new URL('../../../', import.meta.url);
  const below = async (folder: string): Promise<string[]> => {
    const names = await readdir(new URL(folder, root), { recursive: true }).catch(() => []);
    return names.map((name) => `${folder}/${name}`);
  };
  const names = (await Promise.all(['src', 'build', 'electron'].map(below))).flat();
  const sources = names.filter((name) => /\.(ts|mts|mjs|js)$/.test(name) && !name.includes('node_modules'));
  expect(sources).toContain('src/updater/disk/lock.ts');
  const open =
    /\b(open|openSync|readFile|readFileSync|createReadStream|createWriteStream|writeFile|writeFileSync|copyFile|copyFileSync|truncate|Database)\b[^\n]*(lock\.db|[lL]ock(Path|File|Db)?\b)/;
  const offenders = sources.filter(
    (name) =>
      name !== 'src/updater/disk/lock.ts' &&
      readFileSync(new URL(name, root), 'utf8')
        .split('\n')
        .some((line) => open.test(line)),
  );
  expect(offenders).toEqual([]);
  expect(open.test("await readFile(join(root, 'lock.db'))") && open.test('new Database(layout.lock)')).toBe(true);
});
