/** The real main process of this checkout on the fake Electron, in a process of its own, as a supervisor starts it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { bundlePreload } from '../../../../build/preload.ts';
import { bootEnvironment } from '../../../../src/updater/install/epoch/program.ts';
import { epochFolder } from '../../../../src/updater/install/epoch/record.ts';
import { installedGeneration } from '../../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { findVersion } from '../../../../src/updater/install/versions.ts';
import { askEngine } from '../../../../src/updater/engine/process/client.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { openPublisher, type TestPublisher } from '../../../ground/publisher.ts';

/** An installation of a content version, and what a start of it is told by the boot contract. */
export interface Installed {
  readonly environment: Readonly<Record<string, string>>;
  readonly publisher: TestPublisher;
  readonly epoch: string;
  readonly healthFile: string;
}

/** Publishes and installs one version below `folder`, and bundles the preload of this checkout. */
export async function installOne(folder: string): Promise<Installed> {
  await bundlePreload(resolve('.'), resolve('dist/electron'));
  const publisher = await openPublisher(folder);
  await publisher.release('1.0.0', { 'a.txt': 'a' });
  const root = join(folder, 'root');
  const from = { from: publisher.repo, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable', version: null };
  await askEngine<'install'>({ kind: 'install', root, instance: 'default', ...from }, quietJob());
  const layout = layoutOf(root);
  const instance = instanceOf(layout, 'default');
  const { n, epoch, treeDigest } = await installedGeneration(instance);
  const version = await findVersion(layout, treeDigest);
  if (version === null) throw new Error('nothing was installed');
  const healthFile = join(folder, 'health');
  await mkdir(epochFolder(instance, epoch), { recursive: true });
  await writeFile(healthFile, '');
  const boot = { layout, instance, version, generation: n, epochFolder: epochFolder(instance, epoch), healthFile, mode: 'run' } as const;
  return { publisher, environment: bootEnvironment(boot), epoch: boot.epochFolder, healthFile };
}

/** A running main process. */
export interface Running extends AsyncDisposable {
  /** Has the process do one of the deeds of `program-process.ts`; rejects with what it threw. */
  does(deed: string, ...args: readonly unknown[]): Promise<unknown>;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

const replySchema = z.object({ id: z.number(), result: z.unknown().optional(), error: z.string().optional() });

/** Starts it with these words and this environment, and no display or Electron of the machine's. */
export function startProgram(words: readonly string[], environment: Readonly<Record<string, string>>): Running {
  const env = { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent', ...environment };
  const options = { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as const, serialization: 'advanced' as const };
  const child = fork(resolve('test/main/host/electron/program-process.ts'), [...words], { ...options, stdio: [...options.stdio] });
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => (said.stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (said.stderr += String(chunk)));
  const waiting = new Map<number, (reply: z.infer<typeof replySchema>) => void>();
  child.on('message', (value) => {
    const reply = replySchema.parse(value);
    waiting.get(reply.id)?.(reply);
  });
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...said }));
  let last = 0;
  const does = async (deed: string, ...args: readonly unknown[]): Promise<unknown> => {
    const id = (last += 1);
    const answered = new Promise<z.infer<typeof replySchema>>((resolve) => waiting.set(id, resolve));
    child.send({ id, deed, args });
    const gone = ended.then(({ code, stderr }) => ({ id, result: null, error: `it ended with ${code}: ${stderr}` }));
    const { result, error } = await Promise.race([answered, gone]);
    if (error !== undefined) throw new Error(error);
    return result;
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { does, ended, [Symbol.asyncDispose]: stop };
}

/** The health lines that were said since the file was made. */
export async function healthOf({ healthFile }: Installed): Promise<readonly unknown[]> {
  return (await readFile(healthFile, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
}
