/**
 * What can be known about a tree without running it, beyond its hashes: JSON parses, scripts parse, native modules are for this
 * platform and machine, the declaration of its data holds together. Only files that are new here are looked at.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { besideModule } from '../../../disk/pool.ts';
import { parseDataDeclaration } from '../../../model/application/data.ts';
import { Failed } from '../../../model/failure.ts';
import type { Job } from '../../../model/job.ts';
import type { Manifest } from '../../../model/manifest.ts';
import { parseAs } from '../../../model/parse.ts';
import { nativeProblem } from './natives.ts';

const mostBytes = 64 * 1024 ** 2;

/** What others wrote to test or show their packages may be broken on purpose; comments are allowed in a compiler's configuration. */
const exempt = /(?:^|\/)node_modules\/.*\/(?:__)?(?:tests?|fixtures|examples?|spec|benchmarks?)(?:__)?\/|(?:^|\/)[jt]sconfig[^/]*\.json$/;
/** A package may carry the modules of all platforms and choose among them by name. */
const namesPlatform =
  /(?:^|[/.+_-])(?:aix|android|darwin|freebsd|linux|linuxmusl|openbsd|sunos|win32)[-_+](?:arm|arm64|ia32|ppc64|riscv64|s390x|x64|armv7)(?:[/.+_-]|$)/;

/** Checks a built tree against its manifest; `known` are the digests of files that the running version has too. Throws `switch/denied` naming the first file. */
export async function validateTree(
  folder: string,
  manifest: Manifest,
  { known, job }: { known: ReadonlySet<string>; job: Job },
): Promise<void> {
  refuseBrokenDeclaration(manifest);
  const files = manifest.tree.files.filter(({ sha256, path, size }) => !known.has(sha256) && size <= mostBytes && !exempt.test(path));
  const scripts: string[] = [];
  for (const { path } of files) {
    job.signal.throwIfAborted();
    if (path.endsWith('.json')) await refuseBrokenJson(folder, path);
    else if (path.endsWith('.node') && !namesPlatform.test(path)) await refuseForeignNative(folder, path, manifest);
    else if (/\.[cm]?js$/.test(path)) scripts.push(path);
  }
  await refuseBrokenScripts(folder, scripts, job);
}

function refuseBrokenDeclaration({ data, dataVersion }: Manifest): void {
  const { migrations } = parseDataDeclaration(data);
  const last = migrations.at(-1);
  if (last !== undefined && last !== dataVersion) {
    throw new Failed('switch/denied', `its migrations end at data version ${last}, not at ${dataVersion}`);
  }
}

async function refuseBrokenJson(folder: string, path: string): Promise<void> {
  const text = await readFile(join(folder, path), 'utf8');
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Failed('switch/denied', `${JSON.stringify(path)} is not JSON`, { cause: error });
  }
}

async function refuseForeignNative(folder: string, path: string, machine: Manifest): Promise<void> {
  await using file = await open(join(folder, path), 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  const problem = nativeProblem(buffer.subarray(0, bytesRead), machine);
  if (problem !== null) throw new Failed('switch/denied', `${JSON.stringify(path)} ${problem}`);
}

const answerSchema = z.object({ path: z.string(), why: z.string() }).nullable();

/** What a thread that parses may take of memory; scripts are at most 64 MiB. */
const maxOldGenerationSizeMb = 1024;

/** All in one thread: parsing modules without running them has to be allowed when it starts, and whatever a script does to the parser ends there. */
async function refuseBrokenScripts(folder: string, paths: readonly string[], { signal }: Job): Promise<void> {
  signal.throwIfAborted();
  if (paths.length === 0) return;
  const thread = new Worker(besideModule('./scripts-worker', import.meta.url), {
    workerData: paths.map((path) => join(folder, path)),
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb },
  });
  const answer = await answerOf(thread, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return { path: join(folder, paths[0] ?? ''), why: `the thread that parses it died: ${String(error)}` };
  });
  const problem = parseAs(answerSchema, answer, { what: 'answer', code: 'bug/unexpected' });
  if (problem !== null)
    throw new Failed('switch/denied', `${JSON.stringify(problem.path.slice(folder.length + 1))} does not parse: ${problem.why}`);
}

/** The one thing that a thread says; rejects when it dies first, or with the signal's reason. */
async function answerOf(thread: Worker, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const stop = (): void => reject(signal.reason);
  thread.once('message', resolve).once('error', reject);
  thread.once('exit', () => reject(new Error('it ended without an answer')));
  signal.addEventListener('abort', stop);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await thread.terminate();
  }
}
