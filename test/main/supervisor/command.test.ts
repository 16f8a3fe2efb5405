/** The commands around a trial, as their users run them: processes with arguments, output and exit codes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { endLeftovers, openGoodPlace, well } from './fixture.ts';

const script = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

async function moult(root: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [script, '--root', root, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, err, exitCode: child.exitCode };
}

describe.concurrent('moult', () => {
  it('start takes a bad release back, exits with 7, and every command tells it afterwards', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', 'exit 3'));
    const first = await moult(folder.path, 'start');
    expect([first.exitCode, first.err]).toEqual([7, expect.stringContaining('1.1.0 was taken back (it ended by itself with exit code 3)')]);
    const status: unknown = JSON.parse((await moult(folder.path, '--json', 'status')).out);
    const lastFailure = { version: '1.1.0', failure: { code: 'start/failed' }, data: expect.stringContaining('epochs/2') };
    expect(status).toMatchObject({ version: '1.0.0', generation: { n: 1, state: 'good' }, staged: null, lastFailure });
    const second = await moult(folder.path, '--instance', 'default', '--switch');
    expect([second.exitCode, second.err]).toEqual([0, expect.stringContaining('is kept in')]);
  });

  it('start --wait-healthy returns when the program is ready, and lets it run on under its supervisor', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path, well);
    const { exitCode } = await moult(folder.path, 'start', '--wait-healthy');
    const busy = takeLock(place.instance.lock, { waitMs: 0 }, quietJob());
    await expect(busy).rejects.toMatchObject({ code: 'disk/busy' });
    await endLeftovers(folder.path);
    await using _ = await takeLock(place.instance.lock, { waitMs: 20_000 }, quietJob());
    expect([exitCode, await place.starts()]).toEqual([0, ['1.0.0']]);
  });

  it('start says when nothing is installed', async () => {
    await using folder = await tempFolder();
    expect((await moult(folder.path, 'start')).exitCode).toBe(1);
  });
});
