/**
 * Runs a real program that is killed, or fails, at its n-th call that changes something below one folder.
 *
 * The program leads a process group; the count goes across all its processes and threads, also those in groups of their own (`faults.c`).
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What happens at one call: the program is killed with all its groups (`alone`: only this process; `starter`: only the first group,
 * and what it began in another one goes on), stopped, interrupted; a write takes half of its bytes; or the call fails with an errno.
 */
export interface Fault {
  /** Which call, from 1. */
  readonly at: number;
  readonly what: 'before' | 'after' | 'alone' | 'starter' | 'stop' | 'interrupt' | 'interrupt parent' | 'half' | number;
  /** Names of the calls that count, such as `fsync write`; else every call that changes something. `read` counts only when named. */
  readonly only?: string;
  /** Every later call that counts fails too. */
  readonly always?: boolean;
}

/** A program with its arguments, and the folder (absolute, without links) whose changes count. */
export interface Command {
  readonly args: readonly string[];
  readonly root: string;
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Hears the number of the group's leader. */
  readonly onStart?: (leader: number) => void;
}

/** How the group ended (`hang` instead of a signal: not within two minutes), what it said, and the calls that were counted: their names with the path below the folder. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly string[];
}

/** Why faults cannot be made here, or null when they can; throws instead of a reason where `REQUIRE_FAULTS=1`. */
export async function faultsMissing(): Promise<string | null> {
  const reason = await whyNot();
  if (reason !== null && process.env['REQUIRE_FAULTS'] === '1') throw new Error(reason);
  return reason;
}

/** Runs a command, with a fault or (null) only counting, and waits until all its processes are gone; but for what outlives a killed `starter`. */
export async function runWithFault(command: Command, fault: Fault | null): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'moult-faults-'));
  try {
    const [board, trace] = [join(folder, 'board'), join(folder, 'trace')];
    await writeFile(board, Buffer.alloc(boardBytes));
    await writeFile(trace, '');
    const env = {
      ...quickEnvironment(),
      ...command.env,
      LD_PRELOAD: await library(),
      UV_USE_IO_URING: '0',
      FAULT_ROOT: command.root,
      FAULT_BOARD: board,
      FAULT_TRACE: trace,
      ...environmentOf(fault),
    };
    const ended = await runGroup({ ...command, env });
    if (fault?.what !== 'starter') await Promise.all(groupsOn(await readFile(board)).map(untilGone));
    const calls = (await readFile(trace, 'utf8')).split('\n').filter((line) => line !== '');
    return { ...ended, calls };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs a command as the leader of a group of its own, and waits until the whole group is gone. */
export async function runGroup({ program = process.execPath, args, env, onStart }: Omit<Command, 'root'>): Promise<Omit<Ended, 'calls'>> {
  const child = spawn(program, [...args], { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (data: string) => (text.stdout += data));
  child.stderr.setEncoding('utf8').on('data', (data: string) => (text.stderr += data));
  const ended = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  child.on('error', ended.reject).on('close', (code, signal) => ended.resolve({ code, signal }));
  const { pid } = child;
  if (pid !== undefined) onStart?.(pid);
  let isHanging = false;
  const hang = setTimeout(() => (isHanging = pid !== undefined && signalGroup(pid, 'SIGKILL')), 120_000);
  try {
    const how = await ended.promise;
    if (pid !== undefined) await untilGone(pid);
    return { ...(isHanging ? { code: null, signal: 'hang' } : how), ...text };
  } finally {
    clearTimeout(hang);
  }
}

async function untilGone(leader: number): Promise<void> {
  while (signalGroup(leader, 0)) await sleep(2);
}

/** Sends a signal to a whole group; false when it has no process any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    // That there is nobody left is the answer.
    return false;
  }
}

/** This environment, with a place where programs find what was compiled before: they are started hundreds of times. */
export function quickEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'moult-faults-compiled') };
}

const boardBytes = 512;

/** The groups that were begun: 64-bit numbers behind those of calls and of groups. */
function groupsOn(board: Buffer): readonly number[] {
  const many = Math.min(Number(board.readBigInt64LE(8)), boardBytes / 8 - 2);
  return Array.from({ length: many }, (_, n) => Number(board.readBigInt64LE(16 + 8 * n))).filter((group) => group > 0);
}

function environmentOf(fault: Fault | null): NodeJS.ProcessEnv {
  if (fault === null) return {};
  const { at, what, only, always } = fault;
  return {
    FAULT_AT: String(at),
    FAULT_DO: String(what),
    ...(only === undefined ? {} : { FAULT_ONLY: only }),
    ...(always === true ? { FAULT_ALWAYS: '1' } : {}),
  };
}

async function whyNot(): Promise<string | null> {
  if (process.platform !== 'linux') return 'faults are made with a preloaded library, on Linux only';
  return run('cc', ['--version']).then(
    () => null,
    () => 'there is no C compiler',
  );
}

/** Compiled once per text of the library; several processes may do so at the same time. */
async function library(): Promise<string> {
  const source = await readFile(new URL('faults.c', import.meta.url));
  const path = join(tmpdir(), `moult-faults-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.so`);
  if (await isThere(path)) return path;
  const folder = await mkdtemp(join(tmpdir(), 'moult-faults-'));
  await writeFile(join(folder, 'faults.c'), source);
  await run('cc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'faults.so'), join(folder, 'faults.c'), '-ldl']);
  await rename(join(folder, 'faults.so'), path);
  await rm(folder, { recursive: true });
  return path;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
