/**
 * `node build/bench/load.ts [SECONDS]`: what the release server can serve on loopback, beside nginx with the same files where it is
 * (`MOULT_NGINX`, else on the PATH). Both get the same questions from the same client, in turn; each turn takes SECONDS (2).
 *
 * The client costs as much as the servers, so the rates say less than the CPU seconds that each server needed.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type Dispatcher } from 'undici';

const seconds = Number(process.argv[2] ?? 2);
const rounds = 3;
const connections = 16;
const ticksPerSecond = 100;

interface Server {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
}

interface Question {
  readonly what: string;
  readonly isOursOnly?: boolean;
  readonly ask: Omit<Dispatcher.RequestOptions, 'origin'>;
}

const questions: readonly Question[] = [
  { what: 'timestamp.json, 1 KiB', ask: { method: 'GET', path: '/metadata/timestamp.json' } },
  {
    what: '64 KiB out of a package',
    ask: { method: 'GET', path: '/packages/linux-x64/a.patch', headers: { range: 'bytes=1000000-1065535' } },
  },
  { what: 'a package of 8 MiB', ask: { method: 'GET', path: '/packages/linux-x64/a.patch' } },
  {
    what: 'POST /v1/updates/check',
    isOursOnly: true,
    ask: {
      method: 'POST',
      path: '/v1/updates/check',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ platform: 'linux', arch: 'x64', channel: 'stable' }),
    },
  },
];

const folder = await mkdtemp(join(tmpdir(), 'moult-load-'));
try {
  const repo = await makeRepository(join(folder, 'repo'));
  const servers = [await startOurs(repo), await startNginx(repo)].filter((server) => server !== null);
  for (const question of questions) console.log(await row(question, servers));
  for (const server of servers) server.process.kill('SIGTERM');
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** One line of the table: each server's requests per second and CPU milliseconds per request, and the ratio of the latter. */
async function row({ what, isOursOnly = false, ask }: Question, servers: readonly Server[]): Promise<string> {
  const asked = isOursOnly ? servers.slice(0, 1) : servers;
  const taken = new Map(asked.map(({ name }) => [name, { requests: 0, seconds: 0, cpu: 0 }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const server of asked) {
      const sum = taken.get(server.name);
      const turn = await load(server, ask);
      if (sum !== undefined) for (const key of ['requests', 'seconds', 'cpu'] as const) sum[key] += turn[key];
    }
  }
  const [ours, theirs] = [...taken.values()].map(({ requests, seconds, cpu }) => ({
    rate: requests / seconds,
    cpuMs: (cpu * 1000) / requests,
  }));
  const cells = [ours, theirs].map((server) => (server === undefined ? '–' : `${server.rate.toFixed(0)}/s, ${server.cpuMs.toFixed(3)} ms`));
  const ratio = ours === undefined || theirs === undefined ? '–' : (ours.cpuMs / theirs.cpuMs).toFixed(1);
  return `| ${[what, ...cells, ratio].join(' | ')} |`;
}

/** Asks on all connections for a while, and counts. */
async function load(server: Server, ask: Question['ask']): Promise<{ requests: number; seconds: number; cpu: number }> {
  const pool = new Pool(server.url, { connections });
  const cpuBefore = await cpuSeconds(server.process);
  const begin = performance.now();
  let requests = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - begin < seconds * 1000) {
      const { statusCode, body } = await pool.request(ask);
      await body.dump({ limit: 64 * 1024 ** 2 });
      if (statusCode >= 300) throw new Error(`${server.name} answers ${statusCode}`);
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const took = (performance.now() - begin) / 1000;
  const cpu = (await cpuSeconds(server.process)) - cpuBefore;
  await pool.close();
  return { requests, seconds: took, cpu };
}

/** What a process and its children have used so far, by Linux's account of it. */
async function cpuSeconds({ pid = 0 }: ChildProcess): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  const used = await Promise.all([String(pid), ...children].map(async (one) => ticksOf(await readFile(`/proc/${one}/stat`, 'utf8'))));
  return used.reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
}

function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function makeRepository(repo: string): Promise<string> {
  await mkdir(join(repo, 'metadata'), { recursive: true });
  await mkdir(join(repo, 'packages/linux-x64'), { recursive: true });
  await writeFile(join(repo, 'metadata/timestamp.json'), 'x'.repeat(1024));
  await writeFile(join(repo, 'packages/linux-x64/a.patch'), Buffer.alloc(8 * 1024 ** 2, 7));
  return repo;
}

async function startOurs(repo: string): Promise<Server> {
  const port = await freePort();
  const args = [resolve(import.meta.dirname, '../release/moult-release.mjs'), 'serve', '--repo', repo, '--port', String(port)];
  return ready({ name: 'ours', url: `http://127.0.0.1:${port}`, process: spawn(process.execPath, args, { stdio: 'ignore' }) });
}

/** One worker, no log, files from the page cache: as an operator would have it. */
async function startNginx(repo: string): Promise<Server | null> {
  const program = process.env['MOULT_NGINX'] ?? 'nginx';
  if (spawnSync(program, ['-v']).error !== undefined) return null;
  const port = await freePort();
  const configuration = `
    daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 256; }
    http { access_log off; sendfile on; server { listen 127.0.0.1:${port}; root ${repo}; }
      client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; }`;
  await writeFile(join(folder, 'nginx.conf'), process.getuid?.() === 0 ? `user root; ${configuration}` : configuration);
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  return ready({ name: 'nginx', url: `http://127.0.0.1:${port}`, process: spawn(program, args, { stdio: 'inherit' }) });
}

async function ready(server: Server): Promise<Server> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (
      await fetch(`${server.url}/metadata/timestamp.json`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return server;
    await sleep(100);
  }
  throw new Error(`${server.name} does not answer`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
