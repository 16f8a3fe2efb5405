/**
 * A tree: the files and links that make a version, as they are signed.
 *
 * Names are checked once, here, for every platform at the same time, so that a tree that is accepted on one system can be
 * written on all of them (acceptance S15–S18).
 */
import { z } from 'zod';
import { sha256Schema, sizeSchema } from './parse.ts';

export const treeLimits = { entries: 200_000, pathBytes: 1024, depth: 64, totalBytes: 64 * 1024 ** 3 } as const;

export const modes = ['file', 'program'] as const;
export const parts = ['runtime', 'app'] as const;

export const pathSchema = z
  .string()
  .refine((path) => pathProblem(path) === null, { error: (issue) => pathProblem(String(issue.input)) ?? 'unsafe path' });

export const treeFileSchema = z.object({
  path: pathSchema,
  size: sizeSchema,
  sha256: sha256Schema,
  mode: z.enum(modes),
  part: z.enum(parts),
});

export const treeLinkSchema = z.object({ path: pathSchema, target: z.string().min(1).max(1024) });

/** One file of a tree: `mode` program means executable by everyone who may read it. */
export type TreeFile = Readonly<z.infer<typeof treeFileSchema>>;
/** One symbolic link of a tree: `target` is relative to the link's own folder. */
export type TreeLink = Readonly<z.infer<typeof treeLinkSchema>>;
/** Files and links, sorted by path in UTF-8 byte order. */
export interface Tree {
  readonly files: readonly TreeFile[];
  readonly links: readonly TreeLink[];
}

export const emptyTree: Tree = { files: [], links: [] };

/** Compares paths by their UTF-8 bytes (the same as by code points, which JavaScript's own order is not). */
export function comparePaths(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === a.length || i === b.length) return a.length - b.length;
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
}

/** Surrogates stand for code points above every other UTF-16 unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Says in a few words why a set of entries cannot be a tree, or null: two names that a file system may take for one, a file that is also a folder, a link that leaves. */
export function treeProblem(tree: Tree): string | null {
  if (tree.files.length + tree.links.length > treeLimits.entries) return 'too many entries';
  if (tree.files.reduce((sum, file) => sum + file.size, 0) > treeLimits.totalBytes) return 'too many bytes';
  const names = new Map<string, string>();
  for (const { path } of [...tree.files, ...tree.links]) {
    const key = foldedName(path);
    const other = names.get(key);
    if (other !== undefined) return `${JSON.stringify(path)} and ${JSON.stringify(other)} are one name on some systems`;
    names.set(key, path);
  }
  return folderProblem(names) ?? linkProblem(tree);
}

/** The same folder must be spelled the same way everywhere, and no entry may lie below a file or a link. */
function folderProblem(names: ReadonlyMap<string, string>): string | null {
  const spelling = new Map<string, string>();
  for (const folder of foldersOf(names.values())) {
    const key = foldedName(folder);
    if (names.has(key)) return `something lies below the file or link ${JSON.stringify(names.get(key))}`;
    const seen = spelling.get(key);
    if (seen !== undefined) return `the folders ${JSON.stringify(folder)} and ${JSON.stringify(seen)} are one name on some systems`;
    spelling.set(key, folder);
  }
  return null;
}

/** Every folder on the way to a path, each spelling once. */
function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    let slash = path.lastIndexOf('/');
    // A folder that was met before brought its parents with it.
    while (slash !== -1 && !folders.has(path.slice(0, slash))) {
      folders.add(path.slice(0, slash));
      slash = path.lastIndexOf('/', slash - 1);
    }
  }
  return folders;
}

/** Links stay inside the tree and never point at, or through, another link. */
function linkProblem(tree: Tree): string | null {
  const links = new Set(tree.links.map(({ path }) => foldedName(path)));
  for (const { path, target } of tree.links) {
    const resolved = resolveLink(path, target);
    if (resolved === null) return `the link ${JSON.stringify(path)} leaves the tree`;
    if (prefixes(resolved).some((prefix) => links.has(foldedName(prefix))))
      return `the link ${JSON.stringify(path)} passes through another link`;
  }
  return null;
}

/**
 * Where a link points, as a path of the tree; null when it is absolute, not plain, or climbs out. A target may climb only before
 * its first name: behind one, `..` would mean the parent of whatever that name is a link to, which text cannot know.
 */
export function resolveLink(path: string, target: string): string | null {
  const names = target.split('/').filter((part) => part !== '.');
  const climbs = names.findIndex((part) => part !== '..');
  const below = climbs === -1 ? [] : names.slice(climbs);
  const folder = path.split('/').slice(0, -1);
  const up = names.length - below.length;
  if (up > folder.length) return null;
  const resolved = [...folder.slice(0, folder.length - up), ...below].join('/');
  return pathProblem(resolved) === null ? resolved : null;
}

function prefixes(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_, i) => segments.slice(0, i + 1).join('/'));
}

/** Two names that some file system takes for one have the same folded name: case, Unicode forms and invisible characters do not count. */
function foldedName(path: string): string {
  const visible = path.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return visible.toUpperCase().toLowerCase().normalize('NFKC');
}

const reserved = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i;
// eslint-style ranges spelled out: control characters, and what Windows refuses in names.
const forbidden = /[\u0000-\u001f\u007f<>:"|?*\\]/u;

/** Says in a few words why a path may not stand in a tree, or null when it is plain, relative and portable. */
export function pathProblem(path: string): string | null {
  if (path === '') return 'an empty path';
  if (isLonger(path, treeLimits.pathBytes)) return 'a path that is too long';
  if (!path.isWellFormed()) return 'a path that is not well-formed Unicode';
  if (forbidden.test(path)) return 'a path with a character that not every system allows';
  const segments = path.split('/');
  if (segments.length > treeLimits.depth) return 'a path that is too deep';
  return segments.map(segmentProblem).find((problem) => problem !== null) ?? null;
}

function segmentProblem(segment: string): string | null {
  if (segment === '') return 'an absolute path or an empty name';
  if (segment === '.' || segment === '..') return 'a path that climbs';
  if (/[. ]$/.test(segment) || segment.startsWith(' ')) return 'a name that begins or ends with a space or ends with a dot';
  if (reserved.test(segment)) return 'a name that Windows reserves';
  if (segment.toLowerCase() === 'lock.db') return 'a name that only a lock may have';
  return isLonger(segment, 255) ? 'a name that is too long' : null;
}

const encoder = new TextEncoder();

/** Whether a text has more UTF-8 bytes than that; a UTF-16 unit never becomes more than three. */
function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && encoder.encode(text).length > bytes;
}
