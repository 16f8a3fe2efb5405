/**
 * What can be known about a tree without running it, beyond its hashes: JSON parses, scripts parse, native modules are for this
 * platform and machine, the declaration of its data holds together. Only files that are new here are looked at.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
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

/** All in one process: parsing modules without running them needs a Node that was started for it. */
async function refuseBrokenScripts(folder: string, paths: readonly string[], job: Job): Promise<void> {
  if (paths.length === 0) return;
  const script = new URL(`./scripts-process${extname(import.meta.url)}`, import.meta.url);
  const child = fork(fileURLToPath(script), {
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal: job.signal,
    killSignal: 'SIGKILL',
  });
  const died = once(child, 'exit').then((): unknown[] => [{ path: paths[0] ?? '', why: 'the process that parses it died' }]);
  const answered = new Promise<unknown[]>((resolve) => child.once('message', (answer) => resolve([answer])));
  child.send(paths.map((path) => join(folder, path)));
  const [answer] = await Promise.race([answered, died]);
  await died;
  const problem = parseAs(answerSchema, answer, { what: 'answer', code: 'bug/unexpected' });
  if (problem !== null)
    throw new Failed('switch/denied', `${JSON.stringify(problem.path.slice(folder.length + 1))} does not parse: ${problem.why}`);
}
