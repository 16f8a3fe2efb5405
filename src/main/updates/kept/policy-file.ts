/** The administrator's file of preferences. It counts only where nobody else could have written it. */
import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, readableRecord } from '../../../updater/disk/atomic.ts';

/** Where an administrator says what holds for everybody on this machine. */
export function usualPolicyFile(): string {
  if (process.platform === 'win32') return join(process.env['ProgramData'] ?? String.raw`C:\ProgramData`, 'Moult', 'policy.json');
  if (process.platform === 'darwin') return '/Library/Application Support/Moult/policy.json';
  return '/etc/moult/policy.json';
}

/** Returns the document in the file, whatever it is; null when there is none, it is no JSON, or somebody else than an administrator could have written it. */
export async function readPolicyFile(path: string): Promise<unknown> {
  const isOurs = process.platform === 'win32' ? await isClosedToUs(path) : await isRootsAlone(path);
  return isOurs ? readableRecord(path, (value) => value) : null;
}

/** Whether the file and every folder above it belong to root and only root may change them (in a sticky folder nobody takes another one's file away). */
async function isRootsAlone(path: string): Promise<boolean> {
  const found = await lstat(path).catch(absent);
  if (found === null || found.isSymbolicLink()) return false;
  const isSticky = found.isDirectory() && (found.mode & 0o1000) !== 0;
  if (found.uid !== 0 || ((found.mode & 0o022) !== 0 && !isSticky)) return false;
  return dirname(path) === path || isRootsAlone(dirname(path));
}

/** Windows has no owner in `stat`: whoever runs this must not be able to write the file. */
async function isClosedToUs(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r+')).close();
    return false;
  } catch (error) {
    return hasCode(error, 'EPERM', 'EACCES');
  }
}

function absent(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return null;
  throw error;
}
