/** The product on Electron itself, where its binary is. `REQUIRE_ELECTRON=1` makes its absence a failure. */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageProduct } from '../../../../build/package/product.ts';
import { electronFolder } from '../../../../build/package/runtime.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { tempFolder } from '../../../ground/folder.ts';

const run = promisify(execFile);
// Looked for with the file system only: loading the package would fetch it.
const isHere = electronFolder(resolve('.')) !== null;
const reason = 'Electron’s binary is not here (node_modules/electron/dist, or ELECTRON_OVERRIDE_DIST_PATH)';

test('Electron is here, or nobody requires it', ({ skip }) => {
  if (!isHere && process.env['REQUIRE_ELECTRON'] !== '1') skip(reason);
  expect(isHere).toBe(true);
});

describe.runIf(isHere && process.platform === 'linux')('the product on Electron', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let tree: string;

  beforeAll(async () => {
    folder = await tempFolder();
    tree = await packageProduct({ out: join(folder.path, 'tree'), version: '1.0.0', runtime: 'electron' }, quietJob());
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  test('takes the words of the command without a display', async () => {
    const { stdout } = await run(join(tree, 'moult'), ['--help'], { env: { PATH: process.env['PATH'] }, timeout: 60_000 });
    expect(stdout).toContain('Usage: moult');
  });

  test.each(['migrate', 'preflight', 'export'])('carries out the mode %s without a display, and ends', async (mode) => {
    const epoch = join(folder.path, 'epoch');
    const health = join(folder.path, `health-${mode}`);
    await mkdir(epoch, { recursive: true });
    const told = { MOULT_MODE: mode, MOULT_EPOCH: epoch, MOULT_HEALTH: health, MOULT_EXPORT_TO: folder.path, MOULT_ROOT: folder.path };
    await run(join(tree, 'notes'), [], { env: { PATH: process.env['PATH'], ...told }, timeout: 60_000 });
    if (mode === 'preflight') expect(await readFile(health, 'utf8')).toMatch(/\{"stage":"ready"\}\n$/);
  });
});
