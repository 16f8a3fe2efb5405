/**
 * `node build/bench/idle.ts [MINUTES]`: what a program costs that only waits for its next check, against a Node that waits for nothing.
 *
 * The whole product runs: supervisor, shell without a window, update service, ledger. Figures come from Linux's own counters over
 * MINUTES (5) and are told per hour, so an hour is an extrapolation. The first check is over before counting begins; what it cost its own
 * process stands in a line of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readRecord } from '../../src/updater/disk/atomic.ts';
import { serve } from '../../src/updater/engine/process/serve.ts';
import { currentGeneration } from '../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../src/updater/install/layout.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { buildRelease } from '../release/make/build.ts';
import { createKeys, openKeys } from '../release/metadata/keys.ts';
import { initRepository } from '../release/metadata/publish.ts';
import { publishRelease } from '../release/publish/publish.ts';
import { serveRepository } from '../release/server/serve.ts';

const minutes = Number(process.argv[2] ?? 5);
/** The first check comes within a minute of the verdict on the first start; both leave things to tidy up. */
const settleMs = 90_000;
const work = await mkdtemp(join(tmpdir(), 'moult-idle-'));

try {
  const repo = await publish();
  await using server = await serveRepository({ repo });
  const instance = await install(repo, server.url);
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 2 ** 30)'], { stdio: 'ignore' });
  const supervisor = start(instance);
  const shell = await shellOf(instance);
  while ((await currentGeneration(instance))?.state !== 'good') await sleep(1000);
  await sleep(settleMs);
  const checkMs = await childrenMs(shell);
  const rows = await Promise.all([idle.pid ?? 0, shell, supervisor.pid ?? 0].map(perHour));
  console.log('| per idle hour | CPU | wake-ups | memory |\n|---|--:|--:|--:|');
  for (const [i, name] of ['a Node that waits', 'the shell with its update service', 'its supervisor'].entries())
    console.log(`| ${name} | ${rows[i]} |`);
  console.log(`\nCPU of the processes that the shell asked for one check: ${checkMs.toFixed(0)} ms`);
  for (const child of [supervisor, idle]) await end(child);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function publish(): Promise<string> {
  const [repo, tree] = [join(work, 'repo'), join(work, 'tree')];
  const program = join(import.meta.dirname, '..', '..', 'src', 'main', 'app', 'notes-process.ts');
  const data = { state: ['config', 'data'], databases: ['data/notes.db'], migrations: [1, 2], exporters: ['json', 'csv'] };
  await mkdir(tree);
  await writeFile(join(tree, 'moult.json'), JSON.stringify({ entry: { program: 'notes', args: [] }, dataVersion: 2, data }));
  await writeFile(join(tree, 'notes'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  await chmod(join(tree, 'notes'), 0o755);
  await createKeys(join(work, 'keys'), 'solo');
  const keys = await openKeys(join(work, 'keys'));
  await initRepository(repo, keys, new Date());
  const { platform, arch } = process;
  const options = {
    repo,
    tree,
    version: '1.0.0',
    platform,
    arch,
    cache: join(work, 'cache'),
    level: 3,
    revision: 'bench',
    source: 'bench',
  };
  await buildRelease(options, { keys, environment: { SOURCE_DATE_EPOCH: '1767323045' } }, quietJob());
  await publishRelease({ channel: 'stable', rollout: '100', version: '1.0.0', target: null }, { repo, keys, now: new Date() }, quietJob());
  return repo;
}

async function install(repo: string, from: string): Promise<Instance> {
  const root = join(work, 'root');
  const trustedRoot = await readFile(join(repo, 'metadata', '1.root.json'), 'utf8');
  const what = { product: 'moult', channel: 'stable', version: null, trustedRoot, from };
  await serve({ kind: 'install', root, instance: 'default', ...what }, quietJob());
  return instanceOf(layoutOf(root), 'default');
}

function start({ folder }: Instance): ChildProcess {
  const moult = fileURLToPath(new URL('../../src/main/cli/moult.mjs', import.meta.url));
  return spawn(process.execPath, [moult, '--root', join(folder, '..', '..'), 'start', '--host', 'headless'], { stdio: 'ignore' });
}

/** The program says in `app.json` which process it is. */
async function shellOf({ folder }: Instance): Promise<number> {
  const parse = (value: unknown) => z.object({ pid: z.int() }).parse(value);
  for (;;) {
    const app = await readRecord(join(folder, 'app.json'), parse);
    if (app !== null) return app.pid;
    await sleep(200);
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGINT');
  await once(child, 'exit');
}

async function perHour(pid: number): Promise<string> {
  const before = await countersOf(pid);
  await sleep(minutes * 60_000);
  const after = await countersOf(pid);
  const perHour = 60 / minutes;
  const cpuSeconds = ((after.runNs - before.runNs) / 1e9) * perHour;
  const wakeUps = Math.round((after.wakeUps - before.wakeUps) * perHour);
  return `${cpuSeconds.toFixed(2)} s | ${wakeUps} | ${(after.residentKb / 1000).toFixed(0)} MB`;
}

/** Nanoseconds on a processor and voluntary switches away from it, of all threads; kilobytes in memory. */
async function countersOf(pid: number) {
  let [runNs, wakeUps] = [0, 0];
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    runNs += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]);
    wakeUps += numberIn(await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8'), /^voluntary_ctxt_switches:\s+(\d+)/m);
  }
  const residentKb = numberIn(await readFile(`/proc/${pid}/status`, 'utf8'), /^VmRSS:\s+(\d+)/m);
  return { runNs, wakeUps, residentKb };
}

/** CPU of a process's children that have ended; Linux counts in hundredths of a second. */
async function childrenMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
