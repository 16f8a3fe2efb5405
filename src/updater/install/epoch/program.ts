/**
 * A version's program in one of its modes, by boot contract v1 (`docs/boot-contract.md`): environment in, health lines and an
 * exit code out. `migrate`, `preflight` and `export` end by themselves; 0 means done, stderr's last line says why not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import type { Instance, Layout } from '../layout.ts';
import type { Version } from '../versions.ts';

export type Mode = 'run' | 'preflight' | 'migrate' | 'export';

/** What a program is started for: its version, where, in which epoch's folder, and where it writes its health lines. */
export interface Boot {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly version: Version;
  readonly generation: number;
  readonly epochFolder: string;
  readonly healthFile: string;
  readonly mode: Mode;
}

/** The environment that a program finds, without what it inherits; `MOULT_…` of whoever starts it never gets through. */
export function bootEnvironment({ layout, instance, generation, epochFolder, healthFile, mode }: Boot): Readonly<Record<string, string>> {
  return {
    MOULT_ROOT: layout.root,
    MOULT_INSTANCE: instance.name,
    MOULT_GENERATION: String(generation),
    MOULT_EPOCH: epochFolder,
    MOULT_BULK: instance.bulk,
    MOULT_HEALTH: healthFile,
    MOULT_MODE: mode,
  };
}

/** What this process was itself started with, without the words of the contract. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MOULT_')));
}

/** How a program that ends by itself is run: more environment, a command that it is put behind, and how long it may take. */
export interface Manner {
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly behind: readonly string[];
  readonly limitMs: number;
}

/** Runs a program in a mode that ends by itself; throws `start/failed` with its last words, `start/slow` when it takes too long, `start/no-entry`. */
export async function runToEnd(boot: Boot, manner: Manner, job: Job): Promise<void> {
  const { entry, version } = boot.version.manifest;
  if (entry === null) throw new Failed('start/no-entry', `version ${version} declares no entry`);
  job.signal.throwIfAborted();
  const limit = AbortSignal.timeout(manner.limitMs);
  const command = [...manner.behind, join(boot.version.folder, entry.program), ...entry.args];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: boot.version.folder,
    env: { ...manner.environment, ...bootEnvironment(boot) },
    // The channel is how a program notices that whoever watches it is gone.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    signal: AbortSignal.any([job.signal, limit]),
    killSignal: 'SIGKILL',
  });
  const [words, failure] = await Promise.all([lastWords(child), endOf(child)]);
  job.signal.throwIfAborted();
  if (limit.aborted) throw new Failed('start/slow', `${version} did not end its ${boot.mode} within ${manner.limitMs} ms`);
  if (failure !== null)
    throw new Failed('start/failed', `${version} failed to ${boot.mode} (${failure})${words === '' ? '' : `: ${words}`}`);
}

/** How it failed, or null when it ended with 0. An error is told by `error` alone when it could not be started. */
async function endOf(child: ChildProcess): Promise<string | null> {
  try {
    await once(child, 'close');
  } catch (error) {
    // It could not be started, or was stopped by the signal, which the caller asks about.
    if (child.pid === undefined) return error instanceof Error ? error.message : String(error);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
  return child.exitCode === 0 ? null : (child.signalCode ?? `exit ${child.exitCode}`);
}

async function lastWords({ stderr }: ChildProcess): Promise<string> {
  let tail = '';
  for await (const chunk of stderr ?? []) tail = `${tail}${String(chunk)}`.slice(-4096);
  return tail.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
}
