import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { epochFolder } from '../../../src/updater/install/epoch/record.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { listObjects, objectPath } from '../../../src/updater/store/objects.ts';
import { quickEnvironment } from '../../faults/shim/shim.ts';
import { tempFolder } from '../../ground/folder.ts';
import { makeVersion, openPlace, run } from '../../updater/install/epoch/place.ts';

const command = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

interface Answer {
  readonly code: number;
  readonly told: Readonly<Record<string, unknown>>;
}

describe('moult snapshot', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;

  beforeAll(async () => {
    folder = await tempFolder();
    await using place = await openPlace(folder.path);
    const { epoch } = await run(place, await makeVersion(place, { 'read me': 'one\n' }, { version: '1.0.0' }));
    await writeFile(join(epochFolder(place.instance, epoch), 'data', 'letter'), 'then');
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  function moult(...words: readonly string[]): Promise<Answer> {
    const args = [command, '--root', folder.path, '--json', '--quiet', 'snapshot', ...words];
    return new Promise((resolve) => {
      const child = execFile(process.execPath, args, { env: quickEnvironment() }, (_error, stdout) => {
        const told: unknown = stdout === '' ? {} : JSON.parse(stdout);
        resolve({ code: child.exitCode ?? -1, told: typeof told === 'object' && told !== null ? { ...told } : {} });
      });
    });
  }

  async function letter(): Promise<string> {
    const instance = instanceOf(layoutOf(folder.path), 'default');
    return readFile(join(epochFolder(instance, (await currentGeneration(instance))?.epoch ?? 0), 'data', 'letter'), 'utf8');
  }

  it('create, list, show, pin, restore and delete work on one another', async () => {
    const layout = layoutOf(folder.path);
    const instance = instanceOf(layout, 'default');
    // A program that runs holds the instance's lock; only going back needs it to have left.
    const running = await takeLock(instance.lock, { waitMs: 0 }, quietJob());
    const created = await moult('create', '--note', 'before the move');
    expect(created).toMatchObject({
      code: 0,
      told: { kind: 'manual', note: 'before the move', version: '1.0.0', fileCount: 1, removed: [] },
    });
    const id = String(created.told['id']);
    await writeFile(join(epochFolder(instance, 1), 'data', 'letter'), 'now');
    expect(await moult('restore', id)).toMatchObject({ code: 6, told: { failure: { code: 'disk/busy' } } });
    await running[Symbol.asyncDispose]();
    expect(await moult('pin', '1')).toMatchObject({ code: 0, told: { id, pinned: true } });
    expect(await moult('show', '1', '--verify')).toMatchObject({
      code: 0,
      told: { id, pinned: true, versionIsHere: true, damaged: [], files: [{ path: 'data/letter', size: 4 }] },
    });
    const restored = await moult('restore', '1');
    expect(restored).toMatchObject({ code: 0, told: { from: '1.0.0', to: '1.0.0', generation: { n: 2, state: 'good' }, snapshot: id } });
    expect(await letter()).toBe('then');
    expect(await moult('delete', '1')).toMatchObject({ code: 2, told: { failure: { code: 'usage/wrong' } } });
    expect(await moult('pin', '1', '--off')).toMatchObject({ code: 0, told: { pinned: false } });
    expect(await moult('delete', '1')).toMatchObject({ code: 0, told: { removed: [id] } });
    expect((await moult('list')).told['snapshots']).toMatchObject([{ kind: 'pre-update', id: restored.told['before'] }]);
  });

  it('tells of what is damaged, wrong or not there', async () => {
    const layout = layoutOf(folder.path);
    const { told } = await moult('create');
    for (const sha256 of await listObjects(layout.objects)) await rm(objectPath(layout.objects, sha256));
    expect(await moult('show', String(told['id']), '--verify')).toMatchObject({ code: 4, told: { damaged: ['data/letter'] } });
    expect(await moult('restore', String(told['id']))).toMatchObject({ code: 4, told: { failure: { code: 'state/damaged' } } });
    expect(await letter()).toBe('then');
    expect(await moult('create', '--keep', 'many')).toMatchObject({ code: 2 });
  });
});
