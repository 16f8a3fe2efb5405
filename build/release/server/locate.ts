import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** What of a repository the world may read; `staging/` and whatever else lies beside these is nobody's business. */
const served = new Set(['metadata', 'targets', 'manifests', 'packages', 'patches', 'evolutions']);

/** One file of the repository, open: `tag` is its strong entity tag, `mutable` is true for the only file that is ever replaced. */
export interface Found extends AsyncDisposable {
  readonly file: FileHandle;
  readonly size: number;
  readonly tag: string;
  readonly mutable: boolean;
}

/** Opens the file that a request's path names; null for everything that is not a plain file of the repository, links and climbing paths included. */
export async function locate(repo: string, requestPath: string): Promise<Found | null> {
  const name = plainName(requestPath);
  if (name === null) return null;
  const path = join(repo, name);
  if (!(await isInside(repo, path))) return null;
  const file = await openOrNull(path);
  if (file === null) return null;
  const found = await describe(file, name);
  if (found === null) await file.close();
  return found;
}

/** The path below the repository that a request names, or null when it is not the one plain spelling of a served name. */
function plainName(requestPath: string): string | null {
  const [path = ''] = requestPath.split('?', 1);
  const segments = path.split('/').slice(1).map(decode);
  const plain = segments.every((segment) => segment !== null && /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(segment));
  if (!plain || segments.length < 2 || segments.length > 8) return null;
  return served.has(segments[0] ?? '') ? segments.join('/') : null;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null; // Not UTF-8 or a cut escape: a name that cannot exist here.
  }
}

/** Folders of the repository may not be links that lead out of it. */
async function isInside(repo: string, path: string): Promise<boolean> {
  const [root, real] = await Promise.all([realpath(repo), realpath(path).catch(() => null)]); // Absent is normal: a 404.
  return real !== null && real.startsWith(root + sep);
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null; // Absent, a link or unreadable: to the world all of these are a 404.
  }
}

async function describe(file: FileHandle, name: string): Promise<Found | null> {
  const stat = await file.stat({ bigint: true });
  if (!stat.isFile()) return null;
  const mutable = name === 'metadata/timestamp.json';
  // The one file that changes is tagged by its bytes; the others by what stands for bytes that never change.
  const identity = mutable ? await file.readFile() : `${name}\n${stat.size}\n${stat.mtimeNs}`;
  const tag = `"${createHash('sha256').update(identity).digest('hex').slice(0, 32)}"`;
  return { file, size: Number(stat.size), tag, mutable, [Symbol.asyncDispose]: () => file.close() };
}
