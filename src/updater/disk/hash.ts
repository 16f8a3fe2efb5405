/** SHA-256 of bytes, files and trees. Workers load this file, so it imports no schema library. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Job } from '../model/job.ts';
import type { Tree } from '../model/tree.ts';

const bufferBytes = 256 * 1024;

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
