import { hash, createHash } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cloneFile } from '../../disk/clone.ts';
import { placeInside } from '../../disk/inside.ts';
import { permissionsOf } from '../../disk/scan.ts';
import { Failed } from '../../model/failure.ts';
import { readExactly } from '../body.ts';
import type { Clone, Done, Site } from './work.ts';

// Up to here a file is copied in one go: sharing its blocks would save nothing, and turns through the thread pool would cost most.
const smallBytes = 256 * 1024;
const readBytes = 1024 ** 2;

/** Makes one file from an old one with the same content, and syncs it; throws `build/base` when that is not its content. */
export async function makeClone(clone: Clone, site: Site, done: Done): Promise<void> {
  const path = await placeIn(site, clone.file.path);
  if (clone.file.size > smallBytes) await cloneBig(clone, { path, site }, done);
  else {
    copySmall(clone, path);
    done(clone.file.size);
    await nextTurn();
  }
}

/** The folder is looked at once for all files of a task that go there. */
async function placeIn({ to, folders }: Site, path: string): Promise<string> {
  const folder = dirname(path);
  if (folders.has(folder)) return join(to, path);
  const placed = await placeInside(to, path);
  folders.add(folder);
  return placed;
}

function copySmall({ from, file }: Clone, path: string): void {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const bytes = Buffer.allocUnsafe(file.size);
  withFile(from, O_RDONLY | O_NOFOLLOW, (old) => {
    if (fstatSync(old).size !== file.size) throw damaged(from);
    readExactly(old, bytes, 0);
  });
  if (hash('sha256', bytes) !== file.sha256) throw damaged(from);
  withFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (copy) => {
    for (let at = 0; at < bytes.length;) at += writeSync(copy, bytes, at);
    fchmodSync(copy, permissionsOf(file.mode));
    fsyncSync(copy);
  });
}

async function cloneBig({ from, file }: Clone, { path, site }: { path: string; site: Site }, done: Done): Promise<void> {
  site.way = await cloneFile(from, path, site.way);
  await chmod(path, permissionsOf(file.mode));
  await using copy = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  for (let size = 0; ;) {
    const { bytesRead } = await copy.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) break;
    digest.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
    done(bytesRead);
  }
  if (digest.digest('hex') !== file.sha256) throw damaged(from);
  await copy.sync();
}

function withFile(path: string, flags: number, use: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function damaged(path: string): Failed {
  return new Failed('build/base', `the old file ${path} is damaged`);
}
