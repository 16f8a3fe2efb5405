/** What a program costs, from the counters of Linux: CPU of it and all that it waited for, and the most memory that one of its processes had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** CPU in seconds, memory in bytes, and what the program printed. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly output: string;
}

const ticksPerSecond = 100;
const lookEveryMs = 100;

/** Runs a program to its end; one at a time, since the CPU of all children is counted as one. Throws when it fails. */
export async function measure(program: string, args: readonly string[]): Promise<Usage> {
  const before = await childSeconds();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
  const ended = once(child, 'close');
  let memoryBytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    for (const id of await familyOf(child.pid ?? 0)) memoryBytes = Math.max(memoryBytes, await mostMemory(id));
    await Promise.race([ended, sleep(lookEveryMs)]);
  }
  await ended;
  const text = Buffer.concat(output).toString();
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}: ${text}`);
  return { cpuSeconds: (await childSeconds()) - before, memoryBytes, output: text };
}

/** The user and system time of all children that ended (proc(5): fields 16 and 17 of `stat`). */
async function childSeconds(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

async function familyOf(id: number): Promise<readonly number[]> {
  // A process may be gone before it is looked at.
  const children = await readFile(`/proc/${id}/task/${id}/children`, 'utf8').catch(() => '');
  const families = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map(async (child) => familyOf(Number(child))),
  );
  return [id, ...families.flat()];
}

async function mostMemory(id: number): Promise<number> {
  const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
