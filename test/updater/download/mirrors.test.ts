import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { fetchParts } from '../../../src/updater/download/parts.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import * as faults from '../../faults/server/faults.ts';
import { type Fault, startFaultServer } from '../../faults/server/server.ts';
import { tempFolder } from '../../ground/folder.ts';
import { outcomeOf, partsOf, quickLimits, quickRemote, someBytes } from './fixture.ts';

const file = someBytes(300_000);
const parts = partsOf(file, 10_000);
const nobody = 'http://127.0.0.1:1/files';
const bytes = { name: 'file', maxBytes: 1_000_000 };

describe('several places', () => {
  const lie: Fault = ({ answer }) => ({ ...answer, body: new Uint8Array(answer.body.length) });
  const bad: readonly { readonly name: string; readonly fault: Fault; readonly useful: number }[] = [
    { name: 'is in trouble', fault: faults.replaced(503), useful: 0 },
    { name: 'does not have it', fault: faults.replaced(404), useful: 0 },
    { name: 'redirects', fault: faults.replaced(301), useful: 0 },
    { name: 'hangs', fault: faults.silent, useful: 0 },
    { name: 'lies', fault: lie, useful: 0 },
    { name: 'lies after two answers', fault: (turn) => (turn.n < 2 ? turn.answer : lie(turn)), useful: 120_000 },
    { name: 'breaks off', fault: faults.cutAfter(100), useful: 0 },
  ];
  it.each(bad)('a first one that $name costs time only, and what it gave is not fetched again', async ({ fault, useful }) => {
    await using folder = await tempFolder();
    await using first = await startFaultServer({ files: { file }, fault });
    await using second = await startFaultServer({ files: { file } });
    await using remote = quickRemote([nobody, first.url, second.url], { limits: { ...quickLimits, streams: 1 } });
    const path = join(folder.path, 'x');
    await fetchParts(remote, { name: 'file', file: path, size: file.length, parts }, quietJob());
    expect(file.equals(await readFile(path))).toBe(true);
    expect(second.bytesSent).toBe(file.length - useful);
  });

  it('one that failed is asked last from then on', async () => {
    await using first = await startFaultServer({ files: { file }, fault: faults.replaced(500) });
    await using second = await startFaultServer({ files: { file } });
    await using remote = quickRemote([first.url, second.url]);
    await fetchBytes(remote, bytes, quietJob());
    const asked = first.requests.length;
    await fetchBytes(remote, bytes, quietJob());
    expect([asked, first.requests.length - asked]).toEqual([quickLimits.attempts, 0]);
    expect(await fetchBytes(remote, { ...bytes, name: 'not-there' }, quietJob())).toBe(null);
    expect(first.requests.length).toBe(asked);
  });

  it('a file that the first one does not have yet comes from the second; one that nobody has is not there', async () => {
    await using first = await startFaultServer({ files: {} });
    await using second = await startFaultServer({ files: { file } });
    await using remote = quickRemote([first.url, second.url]);
    expect(await fetchBytes(remote, bytes, quietJob())).toEqual(file);
    expect(await fetchBytes(remote, { ...bytes, name: 'other' }, quietJob())).toBe(null);
  });

  it('when none can help, the most telling failure is told', async () => {
    await using first = await startFaultServer({ files: { file }, fault: faults.replaced(302) });
    await using remote = quickRemote([nobody, first.url, nobody]);
    expect(await outcomeOf(fetchBytes(remote, bytes, quietJob()))).toBe('fetch/refused');
    await using offline = quickRemote([nobody, 'https://nowhere.invalid/']);
    expect(await outcomeOf(fetchBytes(offline, bytes, quietJob()))).toBe('fetch/offline');
  });
});

describe('a folder as a remote', () => {
  it('gives the same as a server: files, parts and nothing', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'repo', 'deep'), { recursive: true });
    await writeFile(join(folder.path, 'repo', 'deep', 'file'), file);
    for (const place of [join(folder.path, 'repo'), pathToFileURL(join(folder.path, 'repo')).href]) {
      await using remote = quickRemote([place]);
      const path = join(folder.path, 'local');
      expect(await fetchBytes(remote, { ...bytes, name: 'deep/file' }, quietJob())).toEqual(file);
      await fetchParts(remote, { name: 'deep/file', file: path, size: file.length, parts }, quietJob());
      expect(file.equals(await readFile(path))).toBe(true);
      expect(await fetchBytes(remote, { ...bytes, name: 'deep/other' }, quietJob())).toBe(null);
      expect(await fetchBytes(remote, { ...bytes, name: 'deep/file/below' }, quietJob())).toBe(null);
      expect(await outcomeOf(fetchBytes(remote, { ...bytes, name: 'deep' }, quietJob()))).toBe('fetch/refused');
      expect(await outcomeOf(fetchBytes(remote, { name: 'deep/file', maxBytes: file.length - 1 }, quietJob()))).toBe('fetch/too-large');
    }
  });

  it('does not follow links, neither to a file nor on the way to one', async () => {
    await using folder = await tempFolder();
    const [repo, outside] = [join(folder.path, 'repo'), join(folder.path, 'outside')];
    await mkdir(repo);
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), file);
    await symlink(join(outside, 'secret'), join(repo, 'file'));
    await symlink(outside, join(repo, 'folder'));
    await using remote = quickRemote([repo]);
    expect(await outcomeOf(fetchBytes(remote, bytes, quietJob()))).toBe('fetch/refused');
    expect(await outcomeOf(fetchBytes(remote, { ...bytes, name: 'folder/secret' }, quietJob()))).toBe('fetch/refused');
  });

  it('may itself be reached through a link, and be gone', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'real'));
    await writeFile(join(folder.path, 'real', 'file'), file);
    await symlink(join(folder.path, 'real'), join(folder.path, 'repo'));
    await using remote = quickRemote([join(folder.path, 'repo')]);
    expect(await fetchBytes(remote, bytes, quietJob())).toEqual(file);
    await rename(join(folder.path, 'real'), join(folder.path, 'away'));
    expect(await fetchBytes(remote, bytes, quietJob())).toBe(null);
  });

  it('with a file of another size or other bytes is a corrupt one', async () => {
    await using folder = await tempFolder();
    await using remote = quickRemote([folder.path]);
    for (const wrong of [file.subarray(1), Buffer.alloc(file.length), Buffer.alloc(0)]) {
      await writeFile(join(folder.path, 'file'), wrong);
      const wanted = { name: 'file', file: join(folder.path, 'local'), size: file.length, parts };
      expect(await outcomeOf(fetchParts(remote, wanted, quietJob()))).toBe('fetch/corrupt');
    }
  });
});
