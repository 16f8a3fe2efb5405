/**
 * Contents, each once: `objects/ab/<sha256 of the plain bytes>` is one zstd frame (RFC 8878) with its checksum.
 *
 * An object is written beside (`objects/.moult-new-<16 hex>`), fsynced, and renamed to its name; `settle` then syncs the folders.
 * It is never written again, but for one that turned out to be damaged: that one is replaced by the same way. What no snapshot
 * names is harmless and can be removed at any time by whoever holds the lock of the root, which every writer holds too.
 */
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { constants as flags, lstatSync } from 'node:fs';
import { mkdir, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { hasCode, namesIn, syncFolder } from '../disk/atomic.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';

/** A content: how long it is and its digest, which names its object. */
export interface Content {
  readonly size: number;
  readonly sha256: string;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = flags;
const bufferBytes = 256 * 1024;
// Frames are made with level 3, whose window is 2 MiB; a foreign one could ask for 2 GiB.
const windowLog = 23;

/** The path of an object below `folder`; it may not exist. */
export function objectPath(folder: string, sha256: string): string {
  return join(folder, sha256.slice(0, 2), sha256);
}

/** Whether something stands in an object's place; says nothing about its content. */
export function hasObject(folder: string, sha256: string): boolean {
  const found = lstatSync(objectPath(folder, sha256), { throwIfNoEntry: false });
  return found !== undefined && found.isFile() && found.size > 0;
}

/**
 * Makes sure that the object of a file's content exists, whole and synced but for its folder (`settleObjects`). Returns false,
 * and leaves nothing behind, when the file turned out not to have that content. An object that is there already is read, and replaced where it is damaged.
 */
export async function keepFile(folder: string, from: { readonly path: string; readonly content: Content }, job: Job): Promise<boolean> {
  const { size, sha256 } = from.content;
  if (hasObject(folder, sha256) && (await isWhole(folder, from.content, job))) return true;
  const place = objectPath(folder, sha256);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  const beside = join(folder, `.moult-new-${randomBytes(8).toString('hex')}`);
  const write = (): Promise<boolean> => compress(from.path, { beside, size, sha256 }, job);
  try {
    // After a failed fsync the same file synced again proves nothing, so it is written anew, once.
    const matches = await write().catch(async (error: unknown) => {
      if (!hasCode(error, 'EIO')) throw error;
      await unlink(beside);
      return write();
    });
    if (matches) await rename(beside, place);
    else await unlink(beside);
    return matches;
  } catch (error) {
    // The first failure is the one to tell; what cannot be removed is a leftover like any other.
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

/** Makes the names of objects survive power loss: what was kept is only there for good after this. */
export async function settleObjects(folder: string, contents: Iterable<Content>): Promise<void> {
  const folders = new Set([...contents].map(({ sha256 }) => dirname(objectPath(folder, sha256))));
  for (const path of folders) await syncFolder(path);
  if (folders.size > 0) await syncFolder(folder);
}

/** Where a content is to be written, and with which permissions. */
export interface Destination {
  readonly path: string;
  readonly permissions: number;
  readonly content: Content;
}

/** Writes an object's content to a new file, synced but for its folder; throws `state/damaged` when the object is missing or not what its name says. */
export async function takeObject(folder: string, { path, permissions, content }: Destination, job: Job): Promise<void> {
  await using target = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const damage = await expand(folder, content, { file: target, signal: job.signal });
  if (damage !== null) throw new Failed('state/damaged', `the object ${content.sha256} ${damage}`);
  await target.chmod(permissions);
  await target.sync();
}

/** Whether an object has exactly its content; reads all of it. */
export async function isWhole(folder: string, content: Content, job: Job): Promise<boolean> {
  return (await expand(folder, content, { file: null, signal: job.signal })) === null;
}

/** The digests that objects are named by, sorted; what else lies there is none. */
export async function listObjects(folder: string): Promise<readonly string[]> {
  const folders = (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const names = await Promise.all(folders.map((name) => namesIn(join(folder, name))));
  return names.flatMap((inside, i) => inside.filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(folders[i] ?? '-')));
}

/** Removes every object that `referenced` does not name and returns how many; never follows a link. Under the lock of the root. */
export async function removeUnreferenced(folder: string, referenced: ReadonlySet<string>): Promise<number> {
  const unreferenced = (await listObjects(folder)).filter((sha256) => !referenced.has(sha256));
  for (const sha256 of unreferenced) await removeObject(folder, sha256);
  return unreferenced.length;
}

/** Removes what stands in an object's place, in one call, so that nothing is left aside. Nothing happens when there is nothing. */
export async function removeObject(folder: string, sha256: string): Promise<void> {
  await rm(objectPath(folder, sha256), { recursive: true, force: true });
}

/** One pass: reads, hashes, compresses, writes, syncs. False when the bytes are not the expected ones. */
async function compress(path: string, to: Content & { readonly beside: string }, job: Job): Promise<boolean> {
  await using source = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  await using target = await open(to.beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const sum = newSum();
  if (to.size <= bufferBytes) {
    const bytes = await readSmall(source, to.size);
    addTo(sum, bytes);
    await target.writeFile(zstdCompressSync(bytes, framing));
  } else {
    const frame = createZstdCompress({ ...framing, chunkSize: bufferBytes });
    const add = (bytes: Buffer): void => addTo(sum, bytes);
    await pipeline(bytesOf(source, add), frame, (frames: AsyncIterable<Buffer>) => writeAll(frames, target), { signal: job.signal });
  }
  await target.sync();
  return isSum(sum, to);
}

const framing = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const unframing = { params: { [constants.ZSTD_d_windowLogMax]: windowLog } };

/** Says in a few words what is wrong with an object, or null; never writes or holds more than its content has. */
async function expand(folder: string, content: Content, to: Target): Promise<string | null> {
  const sum = newSum();
  try {
    await using object = await open(objectPath(folder, content.sha256), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (content.size <= bufferBytes) await expandSmall(object, { content, sum, to });
    else await expandLarge(object, { content, sum, to });
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    return damage;
  }
  return isSum(sum, content) ? null : 'has another content';
}

interface Target {
  readonly file: FileHandle | null;
  readonly signal: AbortSignal;
}

interface Expansion {
  readonly content: Content;
  readonly sum: Sum;
  readonly to: Target;
}

/** For a small object streams cost more than its bytes. */
async function expandSmall(object: FileHandle, { content, sum, to }: Expansion): Promise<void> {
  // What cannot be compressed takes a little more as a frame.
  const frame = await readSmall(object, content.size + 1024);
  const bytes = zstdDecompressSync(frame, { ...unframing, maxOutputLength: content.size + 64 });
  addTo(sum, bytes);
  if (isSum(sum, content)) await to.file?.writeFile(bytes);
}

async function expandLarge(object: FileHandle, { content, sum, to }: Expansion): Promise<void> {
  const take = async (plain: AsyncIterable<Buffer>): Promise<void> => {
    for await (const bytes of plain) {
      addTo(sum, bytes);
      if (sum.bytes > content.size) throw new Failed('state/damaged', 'has more than its content');
      await to.file?.writeFile(bytes);
    }
  };
  await pipeline(bytesOf(object), createZstdDecompress({ ...unframing, chunkSize: bufferBytes }), take, { signal: to.signal });
}

/** What is wrong with the object, as opposed to the disk that is written to. */
function damageOf(error: unknown): string | null {
  if (error instanceof Failed) return error.failure.detail;
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'is missing';
  if (hasCode(error, 'ELOOP', 'EISDIR', 'ENXIO')) return 'is not a file';
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code))
    ? 'cannot be decompressed'
    : null;
}

interface Sum {
  readonly hash: Hash;
  bytes: number;
  digest: string | null;
}

function newSum(): Sum {
  return { hash: createHash('sha256'), bytes: 0, digest: null };
}

function isSum(sum: Sum, { size, sha256 }: Content): boolean {
  sum.digest ??= sum.hash.digest('hex');
  return sum.bytes === size && sum.digest === sha256;
}

function addTo(sum: Sum, bytes: Buffer): void {
  sum.hash.update(bytes);
  sum.bytes += bytes.length;
}

/** The bytes of a file that should have at most `most`; one more where it has more. */
async function readSmall(file: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(most + 1);
  let filled = 0;
  for (let bytesRead = -1; bytesRead !== 0 && filled < buffer.length; filled += bytesRead) {
    ({ bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled));
  }
  return buffer.subarray(0, filled);
}

/** Not the handle's own streams: a handle does not close while one of them holds on to it. */
async function* bytesOf(file: FileHandle, onBytes: (bytes: Buffer) => void = () => undefined): AsyncGenerator<Buffer> {
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bufferBytes), 0, bufferBytes, null);
    if (bytesRead === 0) return;
    const bytes = buffer.subarray(0, bytesRead);
    onBytes(bytes);
    yield bytes;
  }
}

async function writeAll(frames: AsyncIterable<Buffer>, file: FileHandle): Promise<void> {
  for await (const bytes of frames) await file.writeFile(bytes);
}
