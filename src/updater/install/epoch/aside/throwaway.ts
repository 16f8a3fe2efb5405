/** Folders for copies that are looked at and thrown away: `epochs/.aside-<process>-<random>`, beside the epochs so that blocks can be shared. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, namesIn, removeTree } from '../../../disk/atomic.ts';
import type { Instance } from '../../layout.ts';

/** Makes an empty folder for this process alone, which is gone when it is disposed of; removes those of processes that are gone. */
export async function throwawayFolder(instance: Instance): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(instance.epochs, { recursive: true, mode: 0o700 });
  const left = (await namesIn(instance.epochs)).filter((name) => isOrphan(name));
  for (const name of left) await removeTree(join(instance.epochs, name));
  const path = await mkdtemp(join(instance.epochs, `.aside-${process.pid}-`));
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

function isOrphan(name: string): boolean {
  const pid = /^\.aside-(\d+)-/.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process answers with EPERM.
    return !hasCode(error, 'ESRCH');
  }
}
