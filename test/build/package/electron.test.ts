/** The product around Electron, made by the real electron-builder from a folder that looks like Electron's where nobody looks closer. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { packageProduct } from '../../../build/package/product.ts';
import { engineOf } from '../../../src/updater/install/checks/boot-list.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

const run = promisify(execFile);

/** What stands in Electron's program before its fuses: then a version, how many there are, and a character each. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const names = [
  'runAsNode',
  'cookieEncryption',
  'nodeOptions',
  'nodeCliInspect',
  'asarIntegrity',
  'onlyAsar',
  'browserSnapshot',
  'fileProtocol',
  'wasmTrapHandlers',
];
/** A program that says what it was started with, and carries fuses as Electron leaves them. */
const program = `#!/bin/sh\nprintf '%s|' "$MOULT_MODE" "$@"\nexit 0\n# ${sentinel}\u0001${String.fromCodePoint(names.length)}101100011\n`;

let folder: Awaited<ReturnType<typeof tempFolder>>;
let tree: string;
const before = process.env['ELECTRON_OVERRIDE_DIST_PATH'];

beforeAll(async () => {
  folder = await tempFolder();
  const runtime = join(folder.path, 'runtime');
  await mkdir(join(runtime, 'resources'), { recursive: true });
  await writeFile(join(runtime, 'electron'), program);
  await chmod(join(runtime, 'electron'), 0o755);
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html']) await writeFile(join(runtime, name), '45.4.1');
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] = runtime;
  tree = await packageProduct({ out: join(folder.path, 'tree'), version: '1.0.0', runtime: 'electron' }, quietJob());
});

afterAll(async () => {
  if (before === undefined) delete process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  else process.env['ELECTRON_OVERRIDE_DIST_PATH'] = before;
  await folder[Symbol.asyncDispose]();
});

describe.runIf(process.platform === 'linux')('a product around Electron', () => {
  test('cannot be used as Node, debugged, or made to load another application than the one whose digest it carries', async () => {
    const text = await readFile(join(tree, 'moult-window'), 'latin1');
    const wire = text.slice(text.indexOf(sentinel) + sentinel.length + 2).trim();
    expect(Object.fromEntries(names.map((name, index) => [name, wire[index] === '1']))).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      nodeCliInspect: false,
      asarIntegrity: true,
      onlyAsar: true,
      browserSnapshot: false,
      fileProtocol: false,
      wasmTrapHandlers: true,
    });
  });

  test('carries its application in one archive, with main process, preload, picture and shell, and native modules beside it', async () => {
    const files = await archived(join(tree, 'resources/app.asar'));
    expect(files.get('package.json')).toBe('packed');
    for (const path of [
      'electron/main.js',
      'electron/preload.cjs',
      'electron/icon.png',
      'electron/system/engine-process.js',
      'src/main/shell/shell.js',
    ])
      expect([path, files.get(`dist/${path}`)]).toEqual([path, 'packed']);
    expect(files.has('dist/electron/preload.js')).toBe(false);
    const natives = [...files].filter(([path]) => path.endsWith('.node'));
    expect(natives).toEqual([[`node_modules/better-sqlite3/prebuilds/${process.platform}-${process.arch}.node`, 'beside']]);
    expect(await readdir(join(tree, 'resources/app.asar.unpacked/node_modules/better-sqlite3/prebuilds'))).toHaveLength(1);
  });

  test('declares its program and data', async () => {
    expect(JSON.parse(await readFile(join(tree, 'moult.json'), 'utf8'))).toMatchObject({
      entry: { program: 'notes', args: [] },
      dataVersion: 2,
      data: { databases: ['data/notes.db'] },
    });
  });

  const displayless = ['--ozone-platform=headless', '--disable-gpu'];
  test.each([
    { what: 'a window', words: [], environment: {}, told: ['run'] },
    { what: 'a window that was asked for', words: [], environment: { MOULT_MODE: 'run', MOULT_HOST: 'electron' }, told: ['run'] },
    { what: 'no window', words: [], environment: { MOULT_MODE: 'run', MOULT_HOST: 'headless' }, told: ['run', ...displayless] },
    { what: 'words', words: ['list'], environment: {}, told: ['run', ...displayless, 'list'] },
    { what: 'a migration', words: [], environment: { MOULT_MODE: 'migrate' }, told: ['migrate', ...displayless] },
  ])('needs a display for its window only: started for $what', async ({ words, environment, told }) => {
    const { stdout } = await run(join(tree, 'notes'), words, { env: { PATH: process.env['PATH'], ...environment } });
    expect(stdout.split('|')).toEqual([...told, '']);
  });

  test('takes the words of the command without a display, and is found by the launcher as what carries the engine', async () => {
    const { stdout } = await run(join(tree, 'moult'), ['--root', '/r', 'start']);
    expect(stdout).toBe(`|${displayless.join('|')}|--moult|--root|/r|start|`);
    const command = { path: 'moult', mode: 'program', size: 1, sha256: '', part: 'app' } as const;
    const archive = { path: 'resources/app.asar', mode: 'file', size: 1, sha256: '', part: 'app' } as const;
    expect(engineOf({ tree: { digest: '', files: [command, archive], links: [] } })).toBe('moult');
  });
});

/** The files in an archive: a header of lengths, then JSON with a tree of names. */
async function archived(path: string): Promise<ReadonlyMap<string, 'packed' | 'beside'>> {
  const bytes = await readFile(path);
  const header = folderSchema.parse(JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))));
  return new Map(below(header, ''));
}

interface Folder {
  readonly files: Readonly<Record<string, Folder | { readonly unpacked?: boolean | undefined }>>;
}

const folderSchema: z.ZodType<Folder> = z.object({
  files: z.record(
    z.string(),
    z.lazy(() => z.union([folderSchema, z.object({ unpacked: z.boolean().optional() })])),
  ),
});

function below({ files }: Folder, prefix: string): readonly (readonly [path: string, where: 'packed' | 'beside'])[] {
  return Object.entries(files).flatMap(([name, entry]) =>
    'files' in entry ? below(entry, `${prefix}${name}/`) : [[`${prefix}${name}`, entry.unpacked === true ? 'beside' : 'packed'] as const],
  );
}
