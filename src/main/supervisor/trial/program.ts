/** Starts the program of a version as boot contract v1 says (`docs/boot-contract.md`), and ends it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../../updater/disk/atomic.ts';
import { bootEnvironment, inheritedEnvironment } from '../../../updater/install/epoch/program.ts';
import { epochFolder } from '../../../updater/install/epoch/record.ts';
import type { Instance, Layout } from '../../../updater/install/layout.ts';
import type { Version } from '../../../updater/install/versions.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import type { Manifest } from '../../../updater/model/manifest.ts';
import type { Exit } from './judge.ts';

/** What is started, and where: `host` is what the person asked for (null: what the program prefers); `output`: whether its stdout is ours or goes to stderr. */
export interface Starting {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly version: Version;
  readonly entry: NonNullable<Manifest['entry']>;
  readonly generation: Generation;
  readonly health: string;
  readonly isSafe: boolean;
  readonly host: string | null;
  readonly output: 'stdout' | 'stderr';
}

/** A program that runs, or ran. `exit` is null until it has ended; `stop` asks it to end, kills it after `graceMs`, and waits. */
export interface Program {
  readonly ended: Promise<Exit>;
  exit(): Exit | null;
  stop(graceMs: number): Promise<Exit>;
}

/** Starts the program; never throws for what is wrong with it: that is an exit. */
export async function startProgram(starting: Starting): Promise<Program> {
  const { version, entry } = starting;
  await mkdir(starting.instance.bulk, { recursive: true, mode: 0o700 });
  // Through the channel a program notices that its supervisor is gone: it is never written to.
  const stdio = ['inherit', starting.output === 'stdout' ? 'inherit' : 2, 'inherit', 'ipc'] as const;
  const options = { cwd: version.folder, env: environmentOf(starting), stdio: [...stdio] };
  try {
    return programOf(spawn(join(version.folder, entry.program), entry.args, options));
  } catch (error) {
    // Some errors of starting are thrown, others come as an event: either way the program did not start.
    return endedProgram(notStarted(error));
  }
}

function environmentOf({ layout, instance, version, generation, health, isSafe, host }: Starting): NodeJS.ProcessEnv {
  const folder = epochFolder(instance, generation.epoch);
  const boot = { layout, instance, version, generation: generation.n, epochFolder: folder, healthFile: health, mode: 'run' } as const;
  const wishes = { ...(isSafe ? { MOULT_SAFE: '1' } : {}), ...(host === null ? {} : { MOULT_HOST: host }) };
  const { MOULT_BROWSER: browser } = process.env;
  const theirs = browser === undefined ? {} : { MOULT_BROWSER: browser };
  return { ...inheritedEnvironment(), ...theirs, ...bootEnvironment(boot), ...wishes };
}

function programOf(child: ChildProcess): Program {
  let exit: Exit | null = null;
  const ended = new Promise<Exit>((resolve) => {
    const end = (how: Exit): void => resolve((exit ??= how));
    child.once('error', (error) => child.pid === undefined && end(notStarted(error)));
    child.once('exit', (code, signal) => end(signal === null ? { kind: 'code', code: code ?? 1 } : { kind: 'signal', signal }));
  });
  const stop = async (graceMs: number): Promise<Exit> => {
    if (exit === null) child.kill('SIGTERM');
    await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
    if (exit === null) child.kill('SIGKILL');
    return ended;
  };
  return { ended, exit: () => exit, stop };
}

function endedProgram(exit: Exit): Program {
  const ended = Promise.resolve(exit);
  return { ended, exit: () => exit, stop: () => ended };
}

/** Too many processes, open files or too little memory say nothing about the program. */
function notStarted(error: unknown): Exit {
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: hasCode(error, 'EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'EIO') ? 'no-means' : 'not-started', detail };
}
