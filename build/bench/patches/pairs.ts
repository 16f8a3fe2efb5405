/** The pairs of `pairs.json`, fetched from the package registry and kept outside the repository. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** One line of the list: parts of packages, taken as the one file that they are, packed into an asar, or as the tree that they lie in. */
const listSchema = z.array(
  z.object({
    name: z.string(),
    as: z.enum(['file', 'asar', 'tree']),
    parts: z.array(z.object({ package: z.string(), old: z.string(), new: z.string(), path: z.string() })),
  }),
);

export type Listed = z.infer<typeof listSchema>[number];

/** Two paths for us, and two files for tools that know no trees: the same ones, or both trees as tar files. */
export interface Pair {
  readonly name: string;
  readonly kind: 'file' | 'tree';
  readonly old: string;
  readonly new: string;
  readonly files: { readonly old: string; readonly new: string };
}

/** Reads the list of pairs. */
export async function readList(path: string): Promise<readonly Listed[]> {
  return listSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

/** Fetches one pair, unless it was fetched before. */
export async function fetchPair(listed: Listed, cache: string): Promise<Pair> {
  const name = listed.name.replaceAll(/[^\w.]+/g, '-');
  const [old, next] = [await fetchSide(listed, 'old', join(cache, name)), await fetchSide(listed, 'new', join(cache, name))];
  if (listed.as !== 'tree') return { name: listed.name, kind: 'file', old, new: next, files: { old, new: next } };
  return { name: listed.name, kind: 'tree', old, new: next, files: { old: await tarOf(old), new: await tarOf(next) } };
}

async function fetchSide({ as, parts }: Listed, side: 'old' | 'new', folder: string): Promise<string> {
  const tree = join(folder, side);
  for (const part of parts) {
    const to = join(tree, 'node_modules', part.package, part.path);
    if (existsSync(to)) continue;
    const from = await unpacked(`${part.package}@${part[side]}`, dirname(folder));
    await mkdir(dirname(to), { recursive: true });
    await cp(join(from, part.path), to, { recursive: true });
  }
  if (as === 'tree') return tree;
  const [part] = parts;
  return as === 'asar' || part === undefined ? asarOf(tree) : join(tree, 'node_modules', part.package, part.path);
}

/** A package as the registry has it, with npm as it is configured here. */
async function unpacked(specifier: string, cache: string): Promise<string> {
  const folder = join(cache, 'packages', specifier.replaceAll('/', '+'));
  if (existsSync(folder)) return join(folder, 'package');
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const { stdout } = await run('npm', ['pack', specifier, '--silent', '--pack-destination', fresh]);
  await run('tar', ['-xzf', join(fresh, stdout.trim()), '-C', fresh]);
  await rename(fresh, folder);
  return join(folder, 'package');
}

/** Packed by the tool that electron-builder packs with. */
async function asarOf(tree: string): Promise<string> {
  const out = `${tree}.asar`;
  const tool = join(root, 'node_modules/@electron/asar/bin/asar.js');
  if (!existsSync(out)) await run(process.execPath, [tool, 'pack', tree, out]);
  return out;
}

async function tarOf(tree: string): Promise<string> {
  const out = `${tree}.tar`;
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  if (!existsSync(out)) await run('tar', [...same, '-cf', out, '-C', tree, '.']);
  return out;
}
