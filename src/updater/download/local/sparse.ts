/**
 * The local side of a download: a sparse file that has the remote file's parts at the same offsets.
 *
 * Nothing records which parts are there: a part is there when its bytes have its hash. So a crash, or a file from somewhere else,
 * can cost time but never put a wrong byte into use. Not fsynced, for the same reason.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../disk/atomic.ts';
import { requireBytes } from '../../disk/space.ts';
import { Failed } from '../../model/failure.ts';

/** A range of the remote file and what it must hash to. Offsets and sizes in bytes. */
export interface Part {
  readonly offset: number;
  readonly size: number;
  readonly sha256: string;
}

const chunkBytes = 256 * 1024;

/** Opens the file, or creates it for this user only; what is in its place but no regular file of our own is replaced. */
export async function openSparse(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const file = await open(path, flags, 0o600);
    const stat = await file.stat();
    // A second name of the inode may be somebody's file.
    if (stat.isFile() && stat.nlink === 1) return file;
    await file.close();
  } catch (error) {
    if (hasCode(error, 'EISDIR')) throw new Failed('disk/unsafe', `${path} is a folder`, { cause: error });
    // A link (ELOOP) or a socket (ENXIO) that somebody left here is not opened.
    if (!hasCode(error, 'ELOOP', 'ENXIO')) throw error;
  }
  await rm(path);
  return open(path, flags | constants.O_EXCL, 0o600);
}

/** Returns the parts that the file does not hold yet, sorted by offset; `present` hears the bytes of each one that it holds. */
export async function missingParts(file: FileHandle, parts: readonly Part[], tools: MissingTools): Promise<readonly Part[]> {
  const { size } = await file.stat();
  const missing: Part[] = [];
  for (const part of parts.toSorted((a, b) => a.offset - b.offset)) {
    tools.signal.throwIfAborted();
    const isPresent = part.offset + part.size <= size && (await hashRange(file, part)) === part.sha256;
    if (isPresent) tools.present(part.size);
    else missing.push(part);
  }
  return missing;
}

interface MissingTools {
  readonly signal: AbortSignal;
  readonly present: (bytes: number) => void;
}

async function hashRange(file: FileHandle, part: Part): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, part.size));
  for (let done = 0; done < part.size;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, part.size - done), part.offset + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}

/** Gives the file its final length and makes sure that the missing bytes fit; throws `disk/space`. */
export async function reserve(
  file: FileHandle,
  path: string,
  { size, missingBytes }: { size: number; missingBytes: number },
): Promise<void> {
  await requireBytes(dirname(path), missingBytes);
  await file.truncate(size);
}

/** Writes bytes at an offset; a full disk or quota is the system's error, which counts as `disk/space`. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
