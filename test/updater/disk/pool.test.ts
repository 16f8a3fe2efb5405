import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { besideModule, runOnWorkers } from '../../../src/updater/disk/pool.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob, type Job } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

const failureUrl = new URL('../../../src/updater/model/failure.ts', import.meta.url).href;

/** Runs tasks with a script given as text; returns the results in order of the tasks and the bytes that were told. */
async function run(text: string, tasks: readonly unknown[], job: Job = quietJob()): Promise<{ results: unknown[]; bytes: number }> {
  await using folder = await tempFolder();
  const path = join(folder.path, 'script.mjs');
  await writeFile(path, text);
  const results: unknown[] = [];
  let bytes = 0;
  const onResult = (result: unknown, index: number): void => {
    results[index] = result;
  };
  const onBytes = (more: number): void => {
    bytes += more;
  };
  await runOnWorkers(pathToFileURL(path), { tasks, handlers: { onResult, onBytes } }, job);
  return { results, bytes };
}

test('every task is done once, results keep their place, bytes add up', async () => {
  const tasks = Array.from({ length: 100 }, (_, i) => i);
  const text = 'export const work = async (n, done) => { done(n); await new Promise((r) => setTimeout(r, (n * 7) % 5)); return n * n; };';
  expect(await run(text, tasks)).toEqual({ results: tasks.map((n) => n * n), bytes: 4950 });
  expect(await run(text, [])).toEqual({ results: [], bytes: 0 });
});

test('a failure crosses as what it is and ends the other threads', async () => {
  const text = `import { Failed } from ${JSON.stringify(failureUrl)};
    export const work = (n) => { if (n === 1) throw new Failed('build/hash', 'file 1'); return new Promise(() => { setInterval(() => {}, 1000); }); };`;
  await expect(run(text, [0, 1, 2])).rejects.toMatchObject({ name: 'Failed', code: 'build/hash', message: 'build/hash: file 1' });
});

test('a thread that throws, leaves, or is no script at all is a failure and never a hang', async () => {
  const codeOf = async (text: string): Promise<string> => failureOf(await run(text, [1]).catch((error: unknown) => error)).code;
  expect(await codeOf('export const work = () => { throw new TypeError("a bug"); };')).toBe('bug/unexpected');
  expect(await codeOf('export const work = () => process.exit(0);')).toBe('build/engine');
  expect(
    await codeOf('export const work = () => { setTimeout(() => { throw new Error("later"); }); return new Promise(() => {}); };'),
  ).toBe('build/engine');
  expect(await codeOf('export const work = () => () => "a function cannot be sent";')).toBe('bug/unexpected');
  expect(await codeOf('export const other = 1;')).toBe('bug/unexpected');
  expect(await codeOf('syntax error')).toBe('bug/unexpected');
});

test('S22 a thread that uses too much memory fails, and this process lives', async () => {
  const text = 'export const work = () => { const all = []; for (;;) all.push(new Array(1e6).fill({})); };';
  const code = failureOf(await run(text, [1], quietJob()).catch((error: unknown) => error)).code;
  expect(code).toBe('build/engine');
});

test('a stopped job ends threads that never come back by themselves', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const running = run('export const work = () => { for (;;); };', [1, 2, 3], { ...quietJob(), signal: stop.signal });
  expect(failureOf(await running.catch((error: unknown) => error)).code).toBe('job/cancelled');
});

test('what a listener throws reaches the one who waits', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'script.mjs');
  await writeFile(path, 'export const work = (n, done) => { done(1); return n; };');
  const refuse = (): never => {
    throw new Error('refused');
  };
  const running = runOnWorkers(pathToFileURL(path), { tasks: [1], handlers: { onResult: () => undefined, onBytes: refuse } }, quietJob());
  await expect(running).rejects.toThrow('refused');
});

test('a worker script is found beside its module, compiled or not', () => {
  expect(besideModule('hash', 'file:///src/disk/scan.ts').href).toBe('file:///src/disk/hash.ts');
  expect(besideModule('hash', 'file:///dist/disk/scan.js').href).toBe('file:///dist/disk/hash.js');
});
