import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { link, mkdir, open, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAt } from '../../../../src/updater/download/local/sparse.ts';
import { fetchParts } from '../../../../src/updater/download/parts.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { slowBody } from '../../../faults/server/faults.ts';
import { startFaultServer, until } from '../../../faults/server/server.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { outcomeOf, partAt, partsOf, quickRemote, someBytes } from '../fixture.ts';

const partBytes = 10_000;
const file = someBytes(305_000);
const parts = partsOf(file, partBytes);
const wanted = (path: string): Parameters<typeof fetchParts>[1] => ({ name: 'file', file: path, size: file.length, parts });

describe('R13 what is there is not fetched again', () => {
  it('R13 a process that is killed on the way is continued by the next one', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await using slow = await startFaultServer({ files: { file }, fault: slowBody(1000, 2) });
    const script = join(import.meta.dirname, 'download-process.ts');
    const tiny = partsOf(file, 1000);
    const child = spawn(process.execPath, [script, slow.url, path, String(file.length), '1000'], { stdio: 'inherit' });
    await until(() => slow.bytesSent > 50_000 || child.exitCode !== null, 20_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const held = tiny.filter(({ offset, size, sha256 }) => partAt(readFileSync(path), offset, size).sha256 === sha256);
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, { ...wanted(path), parts: tiny }, quietJob());
    expect(file.equals(await readFile(path))).toBe(true);
    expect(held.length).toBeGreaterThan(0);
    expect(server.bytesSent).toBe(file.length - held.length * 1000);
  });

  it('R13 a job that is stopped and started again fetches only what is missing', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await using server = await startFaultServer({ files: { file } });
    const stop = new AbortController();
    const report = ({ doneBytes }: { doneBytes: number }): void => void (doneBytes > 100_000 && stop.abort());
    {
      await using remote = quickRemote([server.url]);
      expect(await outcomeOf(fetchParts(remote, wanted(path), { signal: stop.signal, report }))).toBe('job/cancelled');
    }
    const missing = parts.filter(({ offset, size, sha256 }) => partAt(readFileSync(path), offset, size).sha256 !== sha256);
    const before = server.bytesSent;
    await using remote = quickRemote([server.url]);
    const reports: number[] = [];
    await fetchParts(remote, wanted(path), {
      signal: new AbortController().signal,
      report: ({ doneBytes }) => void reports.push(doneBytes),
    });
    expect(missing.length).toBeLessThan(parts.length - 8);
    expect(server.bytesSent - before).toBe(missing.reduce((sum, { size }) => sum + size, 0));
    expect([reports.some((bytes) => bytes === partBytes), reports.at(-1), file.equals(readFileSync(path))]).toEqual([
      true,
      file.length,
      true,
    ]);
  });

  it('R13 a file that is complete costs no request', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await writeFile(path, file);
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, wanted(path), quietJob());
    expect(server.requests).toEqual([]);
  });

  it('R13 one damaged byte costs one part', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await writeFile(path, file);
    await using handle = await open(path, 'r+');
    await handle.write(Buffer.from([(file[123_456] ?? 0) ^ 1]), 0, 1, 123_456);
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, wanted(path), quietJob());
    expect(file.equals(readFileSync(path))).toBe(true);
    expect(server.requests.map(({ headers }) => headers['range'])).toEqual(['bytes=120000-129999']);
  });

  it('only the wanted parts are fetched, those that touch in one request, at their own offsets', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    const some = [parts[20], parts[2], parts[3], parts[30]].filter((part) => part !== undefined);
    await fetchParts(remote, { ...wanted(path), parts: some }, quietJob());
    expect(new Set(server.requests.map(({ headers }) => headers['range']))).toEqual(
      new Set(['bytes=20000-39999', 'bytes=200000-209999', 'bytes=300000-304999']),
    );
    const local = readFileSync(path);
    expect(some.map(({ offset, size }) => partAt(local, offset, size))).toEqual(some);
    expect(local.length).toBe(file.length);
  });
});

describe('the local file', () => {
  it('is for its user only, and a longer one from before is cut to size', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'x');
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, wanted(path), quietJob());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const other = join(folder.path, 'y');
    await writeFile(other, Buffer.alloc(500_000));
    await fetchParts(remote, wanted(other), quietJob());
    expect(file.equals(readFileSync(other))).toBe(true);
  });

  it.each([
    ['a link', symlink],
    ['a second name', link],
  ])('S12 %s of a file elsewhere is replaced, not written through', async (_, plant) => {
    await using folder = await tempFolder();
    const [path, canary] = [join(folder.path, 'x'), join(folder.path, 'canary')];
    await writeFile(canary, 'sings');
    await plant(canary, path);
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, wanted(path), quietJob());
    expect([await readFile(canary, 'utf8'), file.equals(readFileSync(path))]).toEqual(['sings', true]);
  });

  it('in whose place is a folder is a failure, and the folder stays', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'x'));
    await using remote = quickRemote([folder.path]);
    expect(await outcomeOf(fetchParts(remote, wanted(join(folder.path, 'x')), quietJob()))).toBe('disk/unsafe');
    expect((await stat(join(folder.path, 'x'))).isDirectory()).toBe(true);
  });

  it('R05 a disk that is too small is found before anything is fetched', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    const huge = { ...wanted(join(folder.path, 'x')), size: 2 ** 52, parts: [{ offset: 0, size: 2 ** 52, sha256: '0'.repeat(64) }] };
    expect(await outcomeOf(fetchParts(remote, huge, quietJob()))).toBe('disk/space');
    expect(server.requests).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('R05 a disk that is full while writing is said to be full', async () => {
    await using full = await open('/dev/full', 'w');
    expect(await outcomeOf(writeAt(full, file, 0))).toBe('disk/space');
  });
});
