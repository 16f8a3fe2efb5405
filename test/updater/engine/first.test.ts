import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher, type TestPublisher } from '../../ground/publisher.ts';

const job = quietJob();

describe('a first installation', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let publisher: TestPublisher;

  beforeAll(async () => {
    folder = await tempFolder();
    publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { app: 'one' });
    await publisher.release('1.1.0', { app: 'two' });
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  async function installed() {
    const root = join(folder.path, 'root');
    await rm(root, { recursive: true, force: true });
    const { repo: from, trustedRoot } = publisher;
    const install = { kind: 'install', root, instance: 'default', from, trustedRoot, product: 'moult', channel: 'stable' } as const;
    const update = { kind: 'update', root, instance: 'default', from: null, to: null, dryRun: false, withoutPatches: false } as const;
    await serve({ ...install, version: '1.0.0' }, job);
    return { root, install, update, layout: layoutOf(root) };
  }

  it('is done when the same is asked again, and refused when something else is', async () => {
    const { install } = await installed();
    expect(await serve({ ...install, version: '1.0.0' }, job)).toMatchObject({ generation: { n: 1, state: 'good' }, done: null });
    await expect(serve({ ...install, version: '1.1.0' }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    await expect(serve({ ...install, channel: 'beta', version: '1.0.0' }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  it('is finished by the same command when it was cut off between the pointer and its confirmation', async () => {
    const { install, layout } = await installed();
    const record = join(instanceOf(layout, 'default').generations, '1.json');
    await writeFile(record, (await readFile(record, 'utf8')).replace('"good"', '"staged"'));
    expect(await serve({ ...install, version: '1.0.0' }, job)).toMatchObject({ generation: { n: 1, state: 'good' }, done: null });
  });

  for (const damage of ['', '{"product"', '\0\0\0']) {
    it(`says what is wrong with a source that reads ${JSON.stringify(damage)}, and writes it anew when asked again`, async () => {
      const { install, update, layout } = await installed();
      await writeFile(layout.source, damage);
      await expect(serve(update, job)).rejects.toMatchObject({ code: 'state/damaged', message: expect.stringContaining('source.json') });
      expect(await serve({ ...install, version: null }, job)).toMatchObject({ generation: { n: 1, version: '1.0.0' } });
      expect(await serve(update, job)).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
    });
  }

  it('updates past records that it can do without: the last check, a manifest that was accepted', async () => {
    const { update, layout } = await installed();
    const standing = await serve({ ...update, kind: 'switch' }, job);
    await writeFile(layout.checked, '');
    const { treeDigest } = 'generation' in standing ? standing.generation : { treeDigest: '' };
    await writeFile(join(layout.accepted, `${treeDigest}.json`), '{"manifest":{"schema":"9.0"}}');
    expect(await findVersion(layout, treeDigest)).toBe(null);
    expect(await serve(update, job)).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
  });
});
