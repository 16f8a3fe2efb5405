/** SHA-256 of bytes, files and trees. Worker threads load this file for each scan, so it imports no schema library. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Tree } from '../model/tree.ts';
import { hasCode } from './atomic.ts';

/** Hears how many more bytes are hashed; what it throws ends the hashing. */
type Done = (bytes: number) => void;
interface ExpectedFile {
  readonly path: string;
  readonly size: number;
}

const bufferBytes = 256 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** Neither through a link nor waiting for the other end of a FIFO. */
const plainRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** Returns the SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Returns how many bytes a regular file has and their SHA-256, read as a stream; throws `disk/unsafe` for anything else. Reports nothing. */
export async function hashFile(path: string, job: Job): Promise<{ readonly size: number; readonly sha256: string }> {
  await using file = await open(path, plainRead);
  if (!(await file.stat()).isFile()) throw new Failed('disk/unsafe', `${path} is not a regular file`);
  return await hashHandle(file, () => job.signal.throwIfAborted());
}

/** Returns the digest that names a tree: SHA-256 over a line per file and link, sorted by path in UTF-8 byte order (docs: release manifest). */
export function treeDigest(tree: Tree): string {
  const lines = [
    ...tree.files.map((file) => ({ key: Buffer.from(file.path), line: `${file.sha256} ${file.mode} ${file.size} ${file.path}\n` })),
    ...tree.links.map((link) => ({ key: Buffer.from(link.path), line: `link ${link.target} ${link.path}\n` })),
  ];
  lines.sort((a, b) => Buffer.compare(a.key, b.key));
  return sha256Hex(lines.map(({ line }) => line).join(''));
}

/**
 * Returns the SHA-256 of each file of a batch, in order: a scan's task, here or in a worker thread. Null stands for a file that
 * is not, or no longer, the plain file of that size that the walk saw, or that the disk cannot read.
 */
export async function work(batch: readonly ExpectedFile[], done: Done): Promise<(string | null)[]> {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  const digests: (string | null)[] = [];
  let smallBytes = 0;
  for (const file of batch) {
    const isSmall = file.size <= bufferBytes;
    digests.push(isSmall ? hashSmall(file, buffer) : await hashLarge(file, done));
    if (isSmall) smallBytes += file.size;
  }
  done(smallBytes);
  return digests;
}

/** Without waiting: for a small file a promise costs more than its bytes. */
function hashSmall(expected: ExpectedFile, buffer: Buffer): string | null {
  let file: number | null = null;
  try {
    file = openSync(expected.path, plainRead);
    if (!isAsExpected(expected, fstatSync(file))) return null;
    let size = 0;
    for (let bytesRead = -1; bytesRead !== 0 && size < expected.size; size += bytesRead) {
      bytesRead = readSync(file, buffer, size, expected.size - size, size);
    }
    return size === expected.size ? sha256Hex(buffer.subarray(0, size)) : null;
  } catch (error) {
    return nullIfUnreadable(error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

async function hashLarge(expected: ExpectedFile, done: Done): Promise<string | null> {
  const read = async (): Promise<string | null> => {
    await using file = await open(expected.path, plainRead);
    if (!isAsExpected(expected, await file.stat())) return null;
    const { size, sha256 } = await hashHandle(file, done);
    return size === expected.size ? sha256 : null;
  };
  return read().catch(nullIfUnreadable);
}

function isAsExpected(expected: ExpectedFile, found: Stats): boolean {
  return found.isFile() && found.size === expected.size;
}

/** A file that vanished, became a link, or lies on a broken part of the disk is one that differs; other failures are not about the file. */
function nullIfUnreadable(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EIO')) return null;
  throw error;
}

/** Two buffers whatever the size: while one is hashed here, another thread of Node's reads into the other. */
async function hashHandle(file: FileHandle, done: Done): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let [current, other] = [Buffer.allocUnsafeSlow(bufferBytes), Buffer.allocUnsafeSlow(bufferBytes)];
  let size = 0;
  let reading = file.read(current, 0, bufferBytes, size);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
    done(bytesRead);
    size += bytesRead;
    reading = file.read(other, 0, bufferBytes, size);
    hash.update(current.subarray(0, bytesRead));
    [current, other] = [other, current];
  }
}
