/** Disks whose power can be cut: an ext4 on a loop device on a file that remembers every write and flush (`recorder.c`), and what is left of one. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '../../ground/folder.ts';
import { parseLog, type Recording } from './recording.ts';

const run = promisify(execFile);
const diskBytes = 48 * 1024 ** 2;

/** A disk that is written to while its writes are recorded. */
export interface RecordedDisk {
  readonly folder: string;
  /** How much was recorded up to now: whatever was promised by now stands further up. */
  position(): number;
  /** Unmounts the disk and returns what it remembers. */
  finish(): Promise<Recording>;
}

/** Why power cannot be cut here, or null when it can; throws instead of a reason where `REQUIRE_ROOT=1`. */
export async function powerMissing(): Promise<string | null> {
  const reason = await whyNot();
  if (reason !== null && process.env['REQUIRE_ROOT'] === '1') throw new Error(reason);
  return reason;
}

/** Mounts a fresh recorded disk with these options of ext4, while `work` goes on; everything of it is gone afterwards. */
export async function withRecordedDisk<Result>(options: string, work: (disk: RecordedDisk) => Promise<Result>): Promise<Result> {
  await using place = await tempFolder();
  const at = (name: string): string => join(place.path, name);
  await makeFileSystem(at('fresh'));
  await copyFile(at('fresh'), at('image'));
  await writeFile(at('disk'), '');
  const recorder = await startRecorder([at('disk'), at('image'), at('log')]);
  await mkdir(at('mounted'));
  try {
    await run('mount', ['-o', `loop,${options}`, at('disk'), at('mounted')]);
    return await work({
      folder: at('mounted'),
      position: () => statSync(at('log')).size,
      finish: async () => {
        await unmount(at('mounted'));
        return { fresh: await readFile(at('fresh')), entries: parseLog(await readFile(at('log'))) };
      },
    });
  } finally {
    await unmount(at('mounted'));
    await unmount(at('disk'));
    if (recorder.exitCode === null) await once(recorder, 'exit');
  }
}

/** Mounts what is left of a disk in `place` (a folder that is made for it), as the next start of the machine would. */
export async function mountLeft(image: Uint8Array, place: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await writeFile(`${place}.disk`, image);
  return mountDisk(`${place}.disk`, place);
}

/** Mounts a fresh disk in `place` that holds so many files and folders and no more. */
export async function mountSmall(inodes: number, place: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await makeFileSystem(`${place}.disk`, ['-N', String(inodes)]);
  return mountDisk(`${place}.disk`, place);
}

async function mountDisk(disk: string, path: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-o', 'loop', disk, path]);
  const leave = async (): Promise<void> => {
    await unmount(path);
    await rm(disk);
  };
  return { path, [Symbol.asyncDispose]: leave };
}

async function whyNot(): Promise<string | null> {
  if (process.platform !== 'linux') return 'power is cut on Linux only';
  if (process.getuid?.() !== 0) return 'only root may mount a disk whose power is cut';
  for (const [program, why] of [
    ['cc', 'there is no C compiler'],
    ['mkfs.ext4', 'there is no mkfs.ext4'],
  ] as const) {
    if ((await run(program, program === 'cc' ? ['--version'] : ['-V']).catch(() => null)) === null) return why;
  }
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  return mountIsRefused();
}

/** A container may be root and yet not be allowed to. */
async function mountIsRefused(): Promise<string | null> {
  await using place = await tempFolder();
  await makeFileSystem(join(place.path, 'image'));
  try {
    await using _ = await mountLeft(await readFile(join(place.path, 'image')), join(place.path, 'mounted'));
    return null;
  } catch (error) {
    return `no disk can be mounted here: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

/** Nothing is left to be done by the kernel later: every write that is recorded is somebody's. */
async function makeFileSystem(path: string, options: readonly string[] = []): Promise<void> {
  await writeFile(path, '');
  await truncate(path, diskBytes);
  await run('mkfs.ext4', ['-q', '-b', '4096', '-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard', ...options, path]);
}

async function startRecorder(words: readonly string[]): Promise<ChildProcess> {
  await using place = await tempFolder();
  const program = join(place.path, 'recorder');
  await run('cc', ['-O1', '-o', program, fileURLToPath(new URL('recorder.c', import.meta.url))]);
  const recorder = spawn(program, [...words], { stdio: ['ignore', 'pipe', 'inherit'], cwd: tmpdir() });
  const first = await Promise.race([once(recorder.stdout, 'data'), once(recorder, 'exit')]);
  if (String(first[0]) !== 'ready\n') throw new Error('the recorded disk could not be mounted');
  return recorder;
}

/** A process that is just ending may hold on to a disk for a moment; nothing happens where nothing is mounted. */
async function unmount(path: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { stderr } = await run('umount', tries < 50 ? [path] : ['--lazy', path]).catch((error: { stderr: string }) => error);
    if (!stderr.includes('busy')) return;
    await sleep(100);
  }
}
