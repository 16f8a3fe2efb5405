/**
 * A version's program in one of its modes, by boot contract v1 (`docs/boot-contract.md`): environment in, health lines and an
 * exit code out. `migrate`, `preflight` and `export` end by themselves; 0 means done, stderr's last line says why not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hasCode } from '../../disk/atomic.ts';
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

/** Runs a program in a mode that ends by itself; throws `start/failed` with its last words, `start/slow` when it takes too long, `start/no-entry`. Nothing that it started outlives it. */
export async function runToEnd(boot: Boot, manner: Manner, job: Job): Promise<void> {
  const { entry, version } = boot.version.manifest;
  if (entry === null) throw new Failed('start/no-entry', `version ${version} declares no entry`);
  job.signal.throwIfAborted();
  const limit = AbortSignal.timeout(manner.limitMs);
  const [program, ...args] = [...manner.behind, join(boot.version.folder, entry.program), ...entry.args];
  if (program === undefined) throw new Failed('start/no-entry', `version ${version} names no program`);
  const child = spawn(program, args, {
    cwd: boot.version.folder,
    env: { ...manner.environment, ...bootEnvironment(boot) },
    // The channel is how a program notices that whoever watches it is gone.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A group of its own, so that all of it can be ended.
    detached: process.platform !== 'win32',
  });
  const { failure, words } = await endOf(child, AbortSignal.any([job.signal, limit]));
  job.signal.throwIfAborted();
  if (failure === null) return;
  if (limit.aborted) throw new Failed('start/slow', `${version} did not end its ${boot.mode} within ${manner.limitMs} ms`);
  throw new Failed('start/failed', `${version} failed to ${boot.mode} (${failure})${words === '' ? '' : `: ${words}`}`);
}

interface End {
  readonly failure: string | null;
  readonly words: string;
}

/** Waits until the program itself has ended, by its own will or at the signal, then ends what it left running. */
async function endOf(child: ChildProcess, signal: AbortSignal): Promise<End> {
  let tail = '';
  child.stderr?.on('data', (chunk) => {
    tail = `${tail}${String(chunk)}`.slice(-4096);
  });
  const kill = (): void => killGroup(child);
  signal.addEventListener('abort', kill);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    if (signal.aborted) kill();
    await once(child, 'exit');
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), words: '' };
  } finally {
    signal.removeEventListener('abort', kill);
  }
  kill();
  await closed;
  const failure = child.exitCode === 0 ? null : (child.signalCode ?? `exit ${child.exitCode}`);
  return { failure, words: tail.trim().split('\n').at(-1)?.slice(0, 500) ?? '' };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left: that is what was wanted.
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
