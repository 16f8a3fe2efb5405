import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLog } from '../../../src/main/shell/log.ts';
import { tempFolder } from '../../ground/folder.ts';

it('a log names no folder of the person, no key and nothing that was written', async () => {
  await using folder = await tempFolder();
  const log = openLog({ folder: folder.path }, '/home/ada');
  log.note('refused', {
    command: 'notes/write',
    input: { text: 'a diary' },
    note: { text: 'a diary' },
    ticket: 'abc',
    detail: '/home/ada/notes is full',
  });
  log.warn('failed', { key: 'abc' });
  const text = await readFile(join(folder.path, 'logs', 'shell.log'), 'utf8');
  const lines: unknown[] = text
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: 30, msg: 'refused', command: 'notes/write', input: '…', note: { text: '…' }, ticket: '…', detail: '~/notes is full' },
    { level: 40, msg: 'failed', key: '…' },
  ]);
  expect([text.includes('diary'), text.includes('abc'), (await stat(join(folder.path, 'logs'))).mode & 0o777]).toEqual([
    false,
    false,
    0o700,
  ]);
});

it('a log takes five files of a megabyte at most', async () => {
  await using folder = await tempFolder();
  const log = openLog({ folder: folder.path });
  for (let n = 0; n < 30; n += 1) log.note('large', { n, filler: 'x'.repeat(300_000) });
  const names = await readdir(join(folder.path, 'logs'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder.path, 'logs', name))).size));
  expect(names.toSorted()).toEqual(['shell.1.log', 'shell.2.log', 'shell.3.log', 'shell.4.log', 'shell.log']);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000);
  expect(await readFile(join(folder.path, 'logs', 'shell.log'), 'utf8')).toContain('"n":29');
});

it('a log that cannot be written is done without', async () => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'logs'), 'in the way');
  openLog({ folder: folder.path }).note('started');
  expect(await readFile(join(folder.path, 'logs'), 'utf8')).toBe('in the way');
});
