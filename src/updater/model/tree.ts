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

/** The text whose SHA-256 is the tree's digest: a line per file and link, sorted by path in UTF-8 byte order. */
export function treeText(tree: Tree): string {
  const lines = [
    ...tree.files.map((file) => ({ path: file.path, line: `${file.sha256} ${file.mode} ${file.size} ${file.path}\n` })),
    ...tree.links.map((link) => ({ path: link.path, line: `link ${link.target} ${link.path}\n` })),
  ];
  lines.sort((a, b) => comparePaths(a.path, b.path));
  return lines.map(({ line }) => line).join('');
}

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
  for (const path of names.values()) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      const key = foldedName(folder);
      if (names.has(key)) return `${JSON.stringify(path)} lies below the file or link ${JSON.stringify(names.get(key))}`;
      const seen = spelling.get(key);
      if (seen !== undefined && seen !== folder)
        return `the folders ${JSON.stringify(folder)} and ${JSON.stringify(seen)} are one name on some systems`;
      spelling.set(key, folder);
    }
  }
  return null;
}

/** Links stay inside the tree and never point at, or through, another link. */
function linkProblem(tree: Tree): string | null {
  const links = new Set(tree.links.map(({ path }) => path));
  for (const { path, target } of tree.links) {
    const resolved = resolveLink(path, target);
    if (resolved === null) return `the link ${JSON.stringify(path)} leaves the tree`;
    if (prefixes(resolved).some((prefix) => links.has(prefix))) return `the link ${JSON.stringify(path)} passes through another link`;
  }
  return null;
}

/** Where a link points, as a path of the tree; null when it is absolute, not plain, or climbs out. */
export function resolveLink(path: string, target: string): string | null {
  const resolved = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') {
      if (resolved.pop() === undefined) return null;
    } else if (part !== '.') resolved.push(part);
  }
  const plain = resolved.join('/');
  return pathProblem(plain) === null ? plain : null;
}

function prefixes(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_, i) => segments.slice(0, i + 1).join('/'));
}

/** Two names that some file system takes for one have the same folded name: case and Unicode forms do not count. */
export function foldedName(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

const reserved = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
// eslint-style ranges spelled out: control characters, and what Windows refuses in names.
const forbidden = /[\u0000-\u001f\u007f<>:"|?*\\]/u;

/** Says in a few words why a path may not stand in a tree, or null when it is plain, relative and portable. */
export function pathProblem(path: string): string | null {
  if (path === '') return 'an empty path';
  if (new TextEncoder().encode(path).length > treeLimits.pathBytes) return 'a path that is too long';
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
  if (new TextEncoder().encode(segment).length > 255) return 'a name that is too long';
  return null;
}
