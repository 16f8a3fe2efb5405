/**
 * The launcher's own place, `<root>/boot/`: `moult` (what shortcuts name), `moult.previous` (the one before it), and, for trees
 * that do not carry the engine, `engine` (the program and the script that take the words of the `moult` command, a line each).
 *
 * A launcher is replaced beside and renamed, after the new one has found its way through this installation, and only by the code
 * of a version that is good here, or by code that belongs to no version. Its predecessor stays.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readBounded, replaceFile } from '../../updater/disk/atomic.ts';
import { takeLock } from '../../updater/disk/lock.ts';
import { engineOf } from '../../updater/install/checks/boot-list.ts';
import { currentGeneration } from '../../updater/install/generations.ts';
import type { Instance, Layout } from '../../updater/install/layout.ts';
import { findVersion, type Version } from '../../updater/install/versions.ts';
import { Failed, failureOf } from '../../updater/model/failure.ts';
import type { Job } from '../../updater/model/job.ts';

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
}

/** The launcher that this code brings along, and the command that the engine is asked by from elsewhere. */
const script = fileURLToPath(new URL('moult.sh', import.meta.url));
const command = fileURLToPath(new URL('../cli/moult.mjs', import.meta.url));

/** What became of the launcher; `later`: nothing could be changed now, which keeps nothing from working. */
export type Placed = 'placed' | 'replaced' | 'unchanged' | 'not-good' | 'later';

/** Puts the launcher where it belongs, unless it stands there, or this code may not. Where the disk refuses, the next start tries again. Does nothing where there is no such launcher (other platforms than Linux). */
export async function placeLauncher(place: Place, job: Job): Promise<Placed> {
  if (process.platform !== 'linux') return 'unchanged';
  try {
    return await placeOrKeep(place, job);
  } catch (error) {
    // Whatever is wrong with a launcher, the program that was asked for starts.
    if (failureOf(error).code === 'job/cancelled') throw error;
    return 'later';
  }
}

async function placeOrKeep({ layout, instance }: Place, job: Job): Promise<Placed> {
  const [ours, standing] = [await readFile(script), await readBounded(launcherPath(layout), 1024 ** 2)];
  if (standing?.equals(ours) === true) return 'unchanged';
  const current = await currentGeneration(instance);
  const version = current === null ? null : await findVersion(layout, current.treeDigest);
  if (version === null) return 'not-good';
  if (standing !== null && !(current?.state === 'good' && mayReplace(layout, version))) return 'not-good';
  await using _ = await takeLock(layout.lock, { waitMs: 0 }, job);
  await refuseLost({ layout, instance });
  await mkdir(layout.boot, { recursive: true, mode: 0o755 });
  if (standing !== null) await replaceFile(`${launcherPath(layout)}.previous`, standing, 0o755);
  if (engineOf(version.manifest) === null) await noteEngine(layout);
  await replaceFile(launcherPath(layout), ours, 0o755);
  return standing === null ? 'placed' : 'replaced';
}

function launcherPath({ boot }: Layout): string {
  return join(boot, 'moult');
}

/** Whether this code belongs to the good version, or to none. */
function mayReplace({ versions }: Layout, good: Version): boolean {
  return !script.startsWith(versions + sep) || script.startsWith(good.folder + sep);
}

/** Throws `state/damaged` when the new launcher does not find anything to start, or content, here. */
async function refuseLost({ layout, instance }: Place): Promise<void> {
  const words = [script, '--root', layout.root, '--instance', instance.name, '--which'];
  try {
    await promisify(execFile)('/bin/sh', words);
  } catch (error) {
    throw new Failed('state/damaged', 'the new launcher finds nothing to start', { cause: error });
  }
}

/** The engine that did the installing, as long as it does not go with the installation. */
async function noteEngine(layout: Layout): Promise<void> {
  const lines = [process.execPath, command];
  if (lines.some((line) => line.includes('\n') || line.startsWith(layout.root + sep)) || !existsSync(command)) return;
  await replaceFile(join(layout.boot, 'engine'), `${lines.join('\n')}\n`);
}
