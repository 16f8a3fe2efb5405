import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failed } from '../../../../src/updater/model/failure.ts';
import type { Job } from '../../../../src/updater/model/job.ts';

const run = promisify(execFile);

/** What git prints for `args` in `folder`, without the last line break; null when git says no (no checkout, no such name) or is not there. */
export async function git(folder: string, args: readonly string[], job: Job): Promise<string | null> {
  const env = { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], { env, signal: job.signal, timeout: 60_000, maxBuffer: 64 * 1024 ** 2 });
    return stdout.replace(/\n$/, '');
  } catch (error) {
    job.signal.throwIfAborted();
    if (isRefusal(error)) return null; // Normal: a tree need not stand in a checkout, and a machine need not have git.
    throw error;
  }
}

/** Throws `usage/wrong` unless `name` (a tag, branch or commit) can be handed to git without being taken for an option. */
export function checkedRevision(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._/@^~+-]{0,200}$/.test(name) && !name.includes('..')) return name;
  throw new Failed('usage/wrong', `${JSON.stringify(name)} is not the name of a commit`);
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOENT' || typeof error.code === 'number';
}
