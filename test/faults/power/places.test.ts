/** Places that do not let an installation change: no room for names, read-only, somebody else's. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';
import { installRequest } from '../campaign/ground.ts';
import { mountSmall, powerMissing } from './disk.ts';

const moult = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));
const nobody = 65_534;
let folder: Awaited<ReturnType<typeof tempFolder>>;
const at = (name: string): string => join(folder.path, name);

/** Runs a command of an installation, as this account or another one. */
async function run(root: string, words: readonly string[], account: number = process.getuid?.() ?? 0) {
  const child = spawn(process.execPath, [moult, '--root', root, '--json', '--quiet', ...words], {
    env: { ...process.env, NODE_COMPILE_CACHE: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
    uid: account,
    gid: account,
  });
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { exitCode: child.exitCode, said: JSON.parse(out) as unknown };
}

/** Whether an account can run the command at all: a checkout may lie in somebody's private folder. */
async function canRun(account: number): Promise<boolean> {
  const child = spawn(process.execPath, [moult, '--help'], { stdio: 'ignore', uid: account, gid: account });
  return once(child, 'close').then(
    () => child.exitCode === 0,
    () => false,
  );
}

beforeAll(async () => {
  folder = await tempFolder();
  const publisher = await openPublisher(folder.path);
  await publisher.release('1.0.0', { app: 'one', 'lib/steady': 'steady' });
  await serve(installRequest(publisher, at('installed')), quietJob());
  await publisher.release('1.1.0', { app: 'two', 'lib/steady': 'steady', 'lib/more': 'more' });
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('an installation that may not change', () => {
  const runs = { exitCode: 0, said: { version: '1.0.0', generation: { n: 1, state: 'good' } } };

  it('R18 says so when the disk holds no more names, keeps what runs, and updates once it does', async ({ skip }) => {
    const missing = await powerMissing();
    if (missing !== null) skip(missing);
    await using disk = await mountSmall(160, at('full'));
    const root = join(disk.path, 'root');
    await cp(at('installed'), root, { recursive: true, verbatimSymlinks: true });
    await mkdir(join(disk.path, 'others'));
    for (let n = 0; await isMade(join(disk.path, 'others', String(n))); n += 1);
    expect(await run(root, ['update'])).toMatchObject({ exitCode: 6, said: { failure: { code: 'disk/space' } } });
    expect(await run(root, ['status'])).toMatchObject(runs);
    await rm(join(disk.path, 'others'), { recursive: true });
    expect(await run(root, ['update'])).toMatchObject({ exitCode: 0, said: { to: '1.1.0' } });
    expect((await readdir(root, { recursive: true })).filter((path) => path.includes('.moult-'))).toEqual([]);
  });

  it('R18 says so on a disk that was mounted read-only, and keeps what runs', async ({ skip }) => {
    const missing = await powerMissing();
    if (missing !== null) skip(missing);
    await using disk = await mountSmall(500, at('locked'));
    const root = join(disk.path, 'root');
    await cp(at('installed'), root, { recursive: true, verbatimSymlinks: true });
    await promisify(execFile)('mount', ['-o', 'remount,ro', disk.path]);
    expect(await run(root, ['update'])).toMatchObject({ exitCode: 6, said: { failure: { code: 'disk/denied' } } });
    expect(await run(root, ['status'])).toMatchObject({ ...runs, said: { ability: { kind: 'blocked' } } });
  });

  it('R18 says so to an account that it does not belong to, which may look at it', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root can become another account');
    if (!(await canRun(nobody))) skip('another account cannot reach this checkout');
    await promisify(execFile)('chmod', ['-R', 'a+rX', folder.path]);
    expect(await run(at('installed'), ['update'], nobody)).toMatchObject({ exitCode: 6, said: { failure: { code: 'disk/denied' } } });
    expect(await run(at('installed'), ['status'], nobody)).toMatchObject({ ...runs, said: { ability: { kind: 'blocked' } } });
  });
});

async function isMade(path: string): Promise<boolean> {
  return writeFile(path, '').then(
    () => true,
    () => false,
  );
}
