import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { exitCodeOf, Failed, failureCodes, failureOf, isFailureCode } from '../../../src/updater/model/failure.ts';

test('every code has a documented exit code and is known by name', () => {
  const exits = new Set(failureCodes.map(exitCodeOf));
  expect([...exits].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 130]);
  expect(failureCodes.every(isFailureCode) && !isFailureCode('toString') && !isFailureCode('disk/unknown')).toBe(true);
});

test('a failure keeps its code, detail and advice on its way through another process', () => {
  const sent = structuredClone(failureOf(new Failed('disk/space', 'a detail: with a colon')));
  expect(sent).toEqual({ code: 'disk/space', detail: 'a detail: with a colon', retry: 'changed' });
});

test('whatever is thrown becomes a failure', async () => {
  const missing = await readFile('/nowhere/at/all').catch((error: unknown) => error);
  const system = (code: string): Error => Object.assign(new Error('x'), { code });
  const abort = AbortSignal.abort().reason as unknown;
  const thrown = [
    abort,
    system('ENOSPC'),
    system('EDQUOT'),
    system('EROFS'),
    system('EIO'),
    system('EMFILE'),
    system('SQLITE_IOERR_READ'),
    system('SQLITE_READONLY_DIRECTORY'),
    missing,
    new TypeError('y'),
    'text',
    undefined,
  ];
  expect(thrown.map((error) => failureOf(error).code)).toEqual([
    'job/cancelled',
    'disk/space',
    'disk/space',
    'disk/denied',
    'disk/io',
    'disk/io',
    'disk/io',
    'disk/denied',
    'bug/unexpected',
    'bug/unexpected',
    'bug/unexpected',
    'bug/unexpected',
  ]);
});
