/** SHA-256 of bytes, files and trees. Worker threads load this file for each scan, so it imports no schema library. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Tree } from '../model/tree.ts';

const bufferBytes = 256 * 1024;
const reportBytes = 4 * 1024 ** 2;

/** Returns the SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Returns how many bytes a file has and their SHA-256, read as a stream; a link is not followed (ELOOP). Reports nothing. */
export async function hashFile(path: string, job: Job): Promise<{ readonly size: number; readonly sha256: string }> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  let [current, other] = [Buffer.allocUnsafeSlow(bufferBytes), Buffer.allocUnsafeSlow(bufferBytes)];
  let size = 0;
  let reading = file.read(current, 0, bufferBytes, size);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
    job.signal.throwIfAborted();
    size += bytesRead;
    // The next read runs on another thread while this one hashes.
    reading = file.read(other, 0, bufferBytes, size);
    hash.update(current.subarray(0, bytesRead));
    [current, other] = [other, current];
  }
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
 * Returns the SHA-256 of each file of a batch, in order: the task of the scan's worker threads, so it blocks its thread.
 * Throws `disk/unsafe` when a file is no longer the plain, unshared file of that size that the walk saw.
 */
export function work(batch: readonly { readonly path: string; readonly size: number }[], done: (bytes: number) => void): string[] {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  let pending = 0;
  const count = (bytes: number): void => {
    pending += bytes;
    if (pending < reportBytes) return;
    done(pending);
    pending = 0;
  };
  const digests = batch.map((file) => hashExpected(file, buffer, count));
  done(pending);
  return digests;
}

function hashExpected(expected: { readonly path: string; readonly size: number }, buffer: Buffer, count: (bytes: number) => void): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(expected.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size !== expected.size) throw new Failed('disk/unsafe', `${expected.path} changed while it was looked at`);
    const hash = createHash('sha256');
    for (let rest = expected.size; rest > 0;) {
      const bytesRead = readSync(file, buffer, 0, Math.min(rest, buffer.length), null);
      if (bytesRead === 0) throw new Failed('disk/unsafe', `${expected.path} became shorter while it was read`);
      hash.update(buffer.subarray(0, bytesRead));
      rest -= bytesRead;
      count(bytesRead);
    }
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}
