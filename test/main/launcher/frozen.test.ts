/** What was released stays as it was: frozen launchers and installations, against today's code and the other way round. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { machineClock, patience } from '../../../src/main/supervisor/patience.ts';
import { supervise } from '../../../src/main/supervisor/supervise.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { engineTree, launcher, openGround, runCommand, withoutDisplay } from './ground.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const command = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));
const frozen = await readdir(fixtures);

/** A copy of a frozen installation, with a launcher at its place. */
async function thaw(name: string, folder: string, script: string): Promise<string> {
  const root = join(folder, 'root');
  await cp(join(fixtures, name, 'root'), root, { recursive: true });
  // As an installation has them, whatever umask the checkout was made with.
  for (const entry of await readdir(join(root, 'versions'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(entry.parentPath, entry.name), entry.name === 'app' ? 0o755 : 0o644);
  }
  await place(root, script);
  return root;
}

async function place(root: string, script: string): Promise<void> {
  await mkdir(join(root, 'boot'), { recursive: true });
  await cp(script, join(root, 'boot', 'moult'));
  await chmod(join(root, 'boot', 'moult'), 0o755);
}

describe.each(frozen)('R24 what was frozen as %s', (name) => {
  it("starts through today's launcher", async () => {
    await using folder = await tempFolder();
    const root = await thaw(name, folder.path, launcher);
    expect(await runCommand([join(root, 'boot', 'moult')], withoutDisplay())).toEqual({
      code: 0,
      out: 'started version 1.1.0 with data of epoch 2\n',
      err: '',
    });
  });

  it("starts under today's supervisor, also after a try", async () => {
    await using folder = await tempFolder();
    const root = await thaw(name, folder.path, launcher);
    const layout = layoutOf(root);
    const place = { layout, instance: instanceOf(layout, 'default') };
    const tools = { ...place, clock: machineClock, patience: { ...patience, tickMs: 20 }, tell: () => undefined };
    const ending = await supervise({ isSafe: false, host: null, until: 'end' }, tools, quietJob());
    expect(ending).toMatchObject({ exitCode: 0, generation: { n: 2, version: '1.1.0', state: 'good' }, takenBack: null });
    expect(await readFile(join(place.instance.epochs, '2', 'data', 'kept'), 'utf8')).toBe('data of epoch 2\n1.1.0 run\n');
  });

  it("is kept alive by today's engine through the launcher: as it is, with a damaged program and with a lost record, never without its data", async () => {
    await using folder = await tempFolder();
    const start = async (damage: (root: string) => Promise<unknown>) => {
      const root = await thaw(name, await mkdtemp(join(folder.path, 'case-')), launcher);
      await writeFile(join(root, 'boot', 'engine'), `${process.execPath}\n${command}\n`);
      await damage(root);
      return runCommand([join(root, 'boot', 'moult')], withoutDisplay());
    };
    const damageProgram = async (root: string) => {
      const tree = (await readdir(join(root, 'versions'))).find((each) => /^1\.1\.0-\w+$/.test(each));
      await appendFile(join(root, 'versions', tree ?? '', 'lib/it.node'), 'damage');
    };
    const loseRecord = (root: string) => rm(join(root, 'instances', 'default', 'generations', '2.json'));
    const [asIs, damaged, lost] = await Promise.all([start(async () => undefined), start(damageProgram), start(loseRecord)]);
    expect(asIs).toMatchObject({ code: 0, out: 'started version 1.1.0 with data of epoch 2\n' });
    expect(damaged).toMatchObject({ code: 7, out: 'started version 1.0.0 with data of epoch 2\n' });
    expect(lost).toMatchObject({ code: 0, out: 'started version 1.1.0 with data of epoch 2\n' });
  });

  it("has a launcher that starts today's version, with and without an engine of its own, and goes back from a damaged one", async () => {
    await using folder = await tempFolder();
    const script = join(fixtures, name, 'moult.sh');
    const ground = await openGround(join(folder.path, 'root'));
    await place(ground.root, script);
    const run = () => runCommand([join(ground.root, 'boot', 'moult')], withoutDisplay());
    const today = await ground.version('7.0.0', engineTree('7.0.0'));
    await ground.generation(today);
    expect(await run()).toMatchObject({ code: 0, out: 'engine 7.0.0: start\n' });
    await ground.generation(today, { treeDigest: '0'.repeat(64) });
    expect(await run()).toMatchObject({ code: 0, out: 'engine 7.0.0: start\n' });
    const root = await thaw(name, folder.path.concat('/thawed'), script);
    expect(await run()).toMatchObject({ code: 0 });
    expect(await runCommand([join(root, 'boot', 'moult')], withoutDisplay())).toMatchObject({
      code: 0,
      out: expect.stringContaining('1.1.0'),
    });
  });
});

describe('the end of a session', () => {
  it('reaches the program through launcher and engine, told once or twice, and uses no try', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    const app = '#!/bin/sh\ntouch "$MOULT_EPOCH/started"\nexec sleep 60\n';
    const manifest = await ground.version('1.0.0', { app: { program: app } });
    await writeFile(join(ground.layout.boot, 'engine'), `${process.execPath}\n${command}\n`);
    for (const isGroup of [false, true]) {
      const { n, epoch } = await ground.generation(manifest, { state: 'staged', previous: null });
      const started = join(ground.instance.epochs, String(epoch), 'started');
      const child = spawn(join(ground.layout.boot, 'moult'), { env: withoutDisplay(), stdio: 'ignore', detached: true });
      const ended = once(child, 'exit');
      while (!existsSync(started)) await sleep(20);
      process.kill(isGroup ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGTERM');
      await ended;
      expect(await currentGeneration(ground.instance)).toMatchObject({ n, state: 'trying', triesLeft: 3 });
    }
  });
});
