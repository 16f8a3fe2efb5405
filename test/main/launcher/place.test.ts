import { appendFile, chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placeLauncher } from '../../../src/main/launcher/place.ts';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { engineTree, folderOf, launch, launcher, openGround, plainTree } from './ground.ts';

const job = quietJob();

describe('placing the launcher', () => {
  it('puts it where shortcuts name it, executable, and leaves it alone while it is the same', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    await rm(ground.layout.boot, { recursive: true });
    expect(await placeLauncher(ground, job)).toBe('not-good');
    await ground.generation(await ground.version('1.0.0', engineTree('1.0.0')), { state: 'staged' });
    expect([await placeLauncher(ground, job), await placeLauncher(ground, job)]).toEqual(['placed', 'unchanged']);
    expect([(await stat(join(ground.layout.boot, 'moult'))).mode & 0o777, await readdir(ground.layout.boot)]).toEqual([0o755, ['moult']]);
    expect(await launch(ground)).toMatchObject({ out: 'engine 1.0.0: start\n' });
  });

  it('replaces an older one only while the current generation is good, and keeps its predecessor', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    const manifest = await ground.version('1.0.0', engineTree('1.0.0'));
    await ground.generation(manifest);
    const path = join(ground.layout.boot, 'moult');
    await writeFile(path, 'the one before');
    for (const state of ['staged', 'trying', 'bad'] as const) {
      await ground.generation(manifest, { state });
      expect(await placeLauncher(ground, job)).toBe('not-good');
    }
    await ground.generation(manifest);
    expect(await placeLauncher(ground, job)).toBe('replaced');
    expect([await readFile(path), await readFile(`${path}.previous`, 'utf8')]).toEqual([await readFile(launcher), 'the one before']);
  });

  it('changes nothing when the new one finds nothing to start here, or somebody else is at work', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    const manifest = await ground.version('1.0.0', engineTree('1.0.0'));
    await ground.generation(manifest);
    await writeFile(join(ground.layout.boot, 'moult'), 'the one before');
    const lock = await takeLock(ground.layout.lock, { waitMs: 0 }, job);
    expect(await placeLauncher(ground, job)).toBe('later');
    await lock[Symbol.asyncDispose]();
    await appendFile(join(folderOf(ground, manifest), 'app'), ' ');
    expect(await placeLauncher(ground, job)).toBe('later');
    expect(await readFile(join(ground.layout.boot, 'moult'), 'utf8')).toBe('the one before');
  });

  it('keeps nothing from starting where the folder may not be written', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    await ground.generation(await ground.version('1.0.0', engineTree('1.0.0')));
    await writeFile(join(ground.layout.boot, 'moult'), 'the one before');
    await chmod(ground.layout.boot, 0o555);
    expect(await placeLauncher(ground, job)).toBe('later');
    await chmod(ground.layout.boot, 0o755);
  });

  it('notes the engine that installs a tree which carries none, and that engine is asked', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    await rm(ground.layout.boot, { recursive: true });
    await ground.generation(await ground.version('1.0.0', plainTree('1.0.0'), null));
    expect(await placeLauncher(ground, job)).toBe('placed');
    expect(await readFile(join(ground.layout.boot, 'engine'), 'utf8')).toMatch(/^\/.*node\n\/.*src\/main\/cli\/moult\.mjs\n$/);
    expect(await launch(ground, '--which')).toMatchObject({ code: 0, out: expect.stringMatching(/^- 1\.0\.0-\w+ -\n$/) });
  });
});
