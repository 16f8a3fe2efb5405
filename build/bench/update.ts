/**
 * `npm run bench:update`: a whole update against copying and hashing the same tree, side by side.
 *
 * Two trees: the demo's (a runtime of 120 MB that changes, fetched from loopback), and 7,000 small files of which 37 change.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serve } from '../../src/updater/engine/process/serve.ts';
import { askEngine } from '../../src/updater/engine/process/client.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { runtimes } from '../demo/runtimes.ts';
import { buildRelease } from '../release/make/build.ts';
import { createKeys, openKeys } from '../release/metadata/keys.ts';
import { initRepository } from '../release/metadata/publish.ts';
import { publishRelease } from '../release/publish/publish.ts';
import { serveRepository } from '../release/server/serve.ts';
import { compare, row } from './side-by-side.ts';

const job = quietJob();
const cache = fileURLToPath(new URL('../../node_modules/.cache/moult', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'moult-bench-'));

try {
  console.log('| | update | copy + hash | wall ratio | CPU ratio |\n|---|---|---|---|---|');
  console.log(await benchmark('runtime of 120 MB changed', writeRuntimes));
  console.log(await benchmark('7,000 files, 37 changed', writeManyFiles));
} finally {
  await rm(work, { recursive: true, force: true });
}

type WriteTree = (folder: string, newer: boolean) => Promise<void>;

/** Publishes two versions, then updates a fresh copy of an installation each time. */
async function benchmark(name: string, write: WriteTree): Promise<string> {
  const folder = await mkdtemp(join(work, 'case-'));
  const repo = await publishBoth(folder, write);
  await using server = await serveRepository({ repo });
  const root = join(folder, 'root');
  const place = { root, instance: 'default' };
  const trustedRoot = await readFile(join(repo, 'metadata', '1.root.json'), 'utf8');
  await serve({ kind: 'install', ...place, from: server.url, trustedRoot, product: 'moult', channel: 'stable', version: '1.0.0' }, job);
  const restore = await keeper(root);
  const request = { kind: 'update', ...place, from: null, to: null, dryRun: false, withoutPatches: false } as const;
  const update = async (): Promise<void> => {
    await serve(request, job);
    await serve({ kind: 'switch', ...place }, job);
  };
  const copied = join(folder, 'copied');
  const baseline = {
    prepare: () => rm(copied, { recursive: true, force: true }),
    run: () => copyAndHash(join(folder, 'newer'), copied),
  };
  const comparison = await compare(5, { prepare: restore, run: update }, baseline);
  await restore();
  const delayMs = await longestDelay(() => askEngine(request, job));
  const idleMs = await longestDelay(() => sleep(1500));
  const delays = `longest event-loop delay of the asking process: ${delayMs.toFixed(1)} ms, idle ${idleMs.toFixed(1)} ms`;
  return `${row(name, comparison)}\n| ${name}: ${delays} | | | | |`;
}

async function publishBoth(folder: string, write: WriteTree): Promise<string> {
  const repo = join(folder, 'repo');
  await createKeys(join(folder, 'keys'), 'solo');
  const keys = await openKeys(join(folder, 'keys'));
  await initRepository(repo, keys, new Date());
  const { platform, arch } = process;
  for (const [version, name] of [['1.0.0', 'older'] as const, ['1.1.0', 'newer'] as const]) {
    const tree = join(folder, name);
    await write(tree, name === 'newer');
    await buildRelease({ repo, tree, version, platform, arch, cache, level: 3, source: 'bench', revision: version }, { keys }, job);
    await publishRelease({ channel: 'stable', rollout: '100', version, target: null }, { repo, keys, now: new Date() }, job);
  }
  return repo;
}

/** Keeps a copy of a folder and returns what puts it back. */
async function keeper(root: string): Promise<() => Promise<void>> {
  const pristine = `${root}.pristine`;
  const options = { recursive: true, verbatimSymlinks: true } as const;
  await cp(root, pristine, options);
  return async () => {
    await rm(root, { recursive: true, force: true });
    await cp(pristine, root, options);
  };
}

/** The floor that an update is held against: every file read, hashed, written and synced once, by one loop. */
async function copyAndHash(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = relative(from, join(entry.parentPath, entry.name));
    await mkdir(dirname(join(to, path)), { recursive: true });
    await using source = await open(join(from, path));
    await using target = await open(join(to, path), 'w');
    const hash = createHash('sha256');
    for (;;) {
      const { bytesRead } = await source.read(buffer);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      await target.write(buffer, 0, bytesRead);
    }
    hash.digest();
    await target.sync();
  }
}

async function longestDelay(during: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await during();
  delay.disable();
  return delay.max / 1e6;
}

async function writeRuntimes(folder: string, newer: boolean): Promise<void> {
  const { before, now } = runtimes();
  await mkdir(folder, { recursive: true });
  await cp(newer ? now : before, join(folder, 'node'));
  await writeFile(join(folder, 'about.txt'), newer ? 'newer' : 'older');
}

async function writeManyFiles(folder: string, newer: boolean): Promise<void> {
  for (let i = 0; i < 7000; i += 1) {
    const path = join(folder, String(i % 70), `${i}.txt`);
    await mkdir(dirname(path), { recursive: true });
    const isChanged = newer && i % 190 === 0;
    await writeFile(path, `// module ${i}\n${`export const value${i} = ${isChanged ? i + 1 : i};\n`.repeat(200)}`);
  }
}
