/** One update whose runtime is a real one of 120 MB: the way through patches, the network and the switch, on real input. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runtimes } from '../../build/demo/runtimes.ts';
import { serveRepository } from '../../build/release/server/serve.ts';
import { treeDigest } from '../../src/updater/disk/hash.ts';
import { scanTree } from '../../src/updater/disk/scan.ts';
import { askEngine } from '../../src/updater/engine/process/client.ts';
import { versionName } from '../../src/updater/model/generation.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { tempFolder } from '../ground/folder.ts';
import { openPublisher } from '../ground/publisher.ts';

const { before, now } = runtimes();
const cache = fileURLToPath(new URL('../../node_modules/.cache/moult', import.meta.url));

it.skipIf(before === now)(
  'updates a real runtime by a patch of less than 10 MB to the very bytes of the new one',
  { timeout: 600_000 },
  async () => {
    const job = quietJob();
    await using folder = await tempFolder();
    const publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { 'bin/node': { program: await readFile(before) }, 'about.txt': 'older\n' }, { cache });
    await publisher.release('1.1.0', { 'bin/node': { program: await readFile(now) }, 'about.txt': 'newer\n' }, { cache });
    await using server = await serveRepository({ repo: publisher.repo });
    const place = { root: join(folder.path, 'root'), instance: 'default' };
    const from = { from: server.url, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable' };
    await askEngine({ kind: 'install', ...place, ...from, version: '1.0.0' }, job);
    const result = await askEngine({ kind: 'update', ...place, from: null, to: null, dryRun: false, withoutPatches: false }, job);
    if (result.kind !== 'staged') throw new Error(`nothing was staged: ${result.kind}`);
    const { generation, done } = result;
    expect(done?.plan.route.kind).toBe('direct');
    expect(done?.wireBytes).toBeLessThan(10_000_000);
    const tree = await scanTree(join(place.root, 'versions', versionName(generation.version, generation.treeDigest)), job);
    expect(treeDigest(tree)).toBe(generation.treeDigest);
    expect(tree.files.find(({ path }) => path === 'bin/node')?.sha256).toBe((await scanTree(join(now, '..'), job)).files[0]?.sha256);
  },
);
