/** What changed between two versions: the files, and the lines of those that a person can read. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Layout } from '../../../../updater/install/layout.ts';
import { findVersion, type Version } from '../../../../updater/install/versions.ts';
import { Failed } from '../../../../updater/model/failure.ts';
import type { Manifest } from '../../../../updater/model/manifest.ts';
import type { TreeFile, TreeLink } from '../../../../updater/model/tree.ts';

/** Paths of one version against another's. */
export interface FileChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Compares the lists of two versions, wherever their files are. Pure. */
export function compareFiles(from: Manifest, to: Manifest): FileChanges {
  const entries = ({ tree }: Manifest): Map<string, string> =>
    new Map([
      ...tree.files.map((file) => [file.path, identity(file)] as const),
      ...tree.links.map(({ path, target }) => [path, target] as const),
    ]);
  const before = entries(from);
  const after = entries(to);
  return {
    added: [...after.keys()].filter((path) => !before.has(path)),
    removed: [...before.keys()].filter((path) => !after.has(path)),
    changed: [...after.keys()].filter((path) => before.has(path) && before.get(path) !== after.get(path)),
  };
}

function identity({ sha256, mode }: TreeFile): string {
  return `${sha256} ${mode}`;
}

const mostTextBytes = 1024 ** 2;

/** Both versions as they stand on this machine; throws `usage/wrong` when one of them does not. */
export async function bothHere(from: Manifest, to: Manifest, layout: Layout): Promise<readonly [Version, Version]> {
  const [before, after] = await Promise.all([findVersion(layout, from.tree.digest), findVersion(layout, to.tree.digest)]);
  if (before !== null && after !== null) return [before, after];
  throw new Failed('usage/wrong', 'only versions that are on this machine can be compared line by line');
}

/** The unified diff of one file; null when it is no text, or too large to be read by a person. Throws `usage/wrong` when neither version has it. */
export async function diffOf(path: string, [from, to]: readonly [Version, Version]): Promise<string | null> {
  const files = [from, to].map(({ manifest }) => [...manifest.tree.files, ...manifest.tree.links].find((entry) => entry.path === path));
  if (files.every((file) => file === undefined)) throw new Failed('usage/wrong', `no file ${JSON.stringify(path)} in either version`);
  const texts = await Promise.all([from, to].map((version, i) => textOf(version, files[i])));
  const [old, now] = texts;
  if (typeof old !== 'string' || typeof now !== 'string') return null;
  return createTwoFilesPatch(path, path, old, now, from.record.version, to.record.version);
}

async function textOf({ folder }: Version, entry: TreeFile | TreeLink | undefined): Promise<string | null> {
  if (entry === undefined) return '';
  if ('target' in entry || entry.size > mostTextBytes) return null;
  const bytes = await readFile(join(folder, entry.path));
  return bytes.includes(0) ? null : bytes.toString('utf8');
}
