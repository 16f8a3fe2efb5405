import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { electronFolder } from '../../../build/package/runtime.ts';
import { packageProduct } from '../../../build/package/product.ts';
import { newestDataVersion } from '../../../src/main/app/migrations.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

const run = promisify(execFile);
const runtimePackage = `node-${process.platform}-${process.arch}`;
const pinned = resolve('node_modules', runtimePackage, 'bin/node');
const before = resolve('build/runtimes/node_modules', runtimePackage, 'bin/node');

let folder: Awaited<ReturnType<typeof tempFolder>>;
let older: string;
let newer: string;

beforeAll(async () => {
  folder = await tempFolder();
  older = await packageProduct(
    { out: join(folder.path, 'older'), version: '1.0.0', runtime: 'node', nodeBinary: before, dataVersion: 1 },
    quietJob(),
  );
  newer = await packageProduct({ out: join(folder.path, 'newer'), version: '1.1.0', runtime: 'node', nodeBinary: pinned }, quietJob());
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('a packaged product', () => {
  test('starts on the Node that it carries, wherever it lies and whatever names it', async () => {
    const { stdout } = await run(join(newer, 'moult'), ['--help'], { env: {}, cwd: '/' });
    expect(stdout).toContain('Usage: moult');
  });

  test('carries its window, of which nothing is inlined', async () => {
    const pages = join(newer, 'resources/app/dist/renderer');
    const index = await readFile(join(pages, 'index.html'), 'utf8');
    const [, script = ''] = /<script[^>]* src="\.?\/?([^"]+)"/.exec(index) ?? [];
    expect([/<script(?![^>]* src=)|<style|style=/.test(index), (await readFile(join(pages, script), 'utf8')).length > 10_000]).toEqual([
      false,
      true,
    ]);
  });

  test('carries native modules that load', async () => {
    const script = `
      const Database = require('better-sqlite3');
      console.log(new Database(':memory:').prepare('select 1 as one').get().one, process.version);
    `;
    const { stdout } = await run(join(older, 'node'), ['-e', script], { cwd: join(older, 'resources/app'), env: {} });
    expect(stdout).toBe(`1 v${(await readFile(join(older, 'version'), 'utf8')).trim()}\n`);
  });

  test('differs from another one in the version, the runtime and the data version, and in nothing else', async () => {
    const [one, other] = await Promise.all([contents(older), contents(newer)]);
    const paths = [...new Set([...one.keys(), ...other.keys()])].toSorted();
    expect(paths.filter((path) => one.get(path) !== other.get(path))).toEqual([
      'app.json',
      'moult.json',
      'node',
      'resources/app/package.json',
      'version',
    ]);
  });

  test('carries the licences of what it carries, and nothing that only builds it', async () => {
    const paths = [...(await contents(newer)).keys()];
    const modules = await readdir(join(newer, 'resources/app/node_modules'));
    const licensed = new Set(paths.filter((path) => /\/licen[cs]e[^/]*$/i.test(path)).map((path) => dirname(path)));
    expect(modules.filter((name) => !name.startsWith('@') && !licensed.has(`resources/app/node_modules/${name}`))).toEqual([]);
    expect(paths.filter((path) => /\.(?:c|cc|cpp|h|gyp|d\.ts|map)$|^resources\/app\/(?:src|build|test)\//.test(path))).toEqual([]);
    expect(paths).toContain('moult.json');
  });

  test('answers in every mode with its own program, from data version 1 to 2', async () => {
    const epoch = join(folder.path, 'epoch');
    const health = join(folder.path, 'health');
    await mkdir(epoch);
    const notes = (tree: string, mode: string, words: readonly string[] = []) =>
      run(join(tree, 'notes'), words, {
        cwd: '/',
        env: { MOULT_MODE: mode, MOULT_EPOCH: epoch, MOULT_HEALTH: health, MOULT_EXPORT_TO: folder.path },
      });
    await notes(older, 'run', ['write', 'buy milk']);
    expect((await notes(older, 'run', ['list'])).stdout).toContain('buy milk');
    await expect(notes(newer, 'preflight')).rejects.toThrow('data version 1');
    await notes(newer, 'migrate');
    await notes(newer, 'preflight');
    expect(await readFile(health, 'utf8')).toMatch(/\{"stage":"ready"\}\n$/);
    expect((await notes(newer, 'run', ['search', 'milk'])).stdout).toContain('buy milk');
    await expect(notes(older, 'run', ['list'])).rejects.toThrow('data version 2');
    await notes(newer, 'export');
    expect(await readFile(join(folder.path, 'notes.csv'), 'utf8')).toContain('buy milk');
  });

  test('declares the data that its program has', async () => {
    const declared = async (tree: string): Promise<unknown> => JSON.parse(await readFile(join(tree, 'moult.json'), 'utf8'));
    const data = { state: ['config', 'data'], databases: ['data/notes.db'], exporters: ['json', 'csv'] };
    const entry = { program: 'notes', args: [] };
    expect(await declared(older)).toEqual({ entry, dataVersion: 1, data: { ...data, migrations: [1] } });
    expect(await declared(newer)).toEqual({ entry, dataVersion: newestDataVersion, data: { ...data, migrations: [1, 2] } });
  });
});

test('a data version that the program does not know is not packaged', async () => {
  const out = join(folder.path, 'unknown');
  await expect(packageProduct({ out, version: '2.0.0', runtime: 'node', nodeBinary: pinned, dataVersion: 9 }, quietJob())).rejects.toThrow(
    'no data version 9',
  );
});

test('packaging leaves an existing folder alone', async () => {
  await expect(packageProduct({ out: newer, version: '2.0.0', runtime: 'node', nodeBinary: pinned }, quietJob())).rejects.toThrow(
    'usage/wrong',
  );
});

test('a Node without its licence is not packaged, and nothing is left behind', async () => {
  await mkdir(join(folder.path, 'bare/bin'), { recursive: true });
  await writeFile(join(folder.path, 'bare/bin/node'), '');
  const out = join(folder.path, 'unlicensed');
  await expect(
    packageProduct({ out, version: '2.0.0', runtime: 'node', nodeBinary: join(folder.path, 'bare/bin/node') }, quietJob()),
  ).rejects.toThrow('LICENSE');
  expect((await readdir(folder.path)).filter((name) => name.startsWith('unlicensed'))).toEqual([]);
});

test('Electron is found where its binary is, and only there', async () => {
  await mkdir(join(folder.path, 'checkout/node_modules/electron/dist'), { recursive: true });
  expect(electronFolder(join(folder.path, 'checkout'))).toBe(null);
  const program = process.platform === 'win32' ? 'electron.exe' : 'electron';
  await writeFile(join(folder.path, 'checkout/node_modules/electron/dist', program), '');
  expect(electronFolder(join(folder.path, 'checkout'))).toBe(join(folder.path, 'checkout/node_modules/electron/dist'));
});

async function contents(tree: string): Promise<ReadonlyMap<string, string>> {
  const { files, links } = await scanTree(tree, quietJob());
  return new Map([
    ...files.map(({ path, mode, sha256 }) => [path, `${mode} ${sha256}`] as const),
    ...links.map(({ path, target }) => [path, target] as const),
  ]);
}
