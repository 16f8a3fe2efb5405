import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { listGenerations } from '../../../updater/install/generations.ts';
import type { Instance, Layout } from '../../../updater/install/layout.ts';
import { acceptedManifest, findVersion } from '../../../updater/install/versions.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Manifest } from '../../../updater/model/manifest.ts';
import type { TreeFile } from '../../../updater/model/tree.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';

/** `moult diff A B`: the files that were added, removed or changed between two versions or generations; with `text` their lines too. */
export function diff(globals: Globals, [a, b]: readonly [string, string], options: { readonly text?: boolean }): Promise<number> {
  return runCommand(globals, async () => {
    const { layout, instance } = placeOf(globals);
    const from = await manifestOf(a, layout, instance);
    const to = await manifestOf(b, layout, instance);
    const files = compareFiles(from, to);
    const text = options.text === true ? await textOf(files.changed, { from, to, layout }) : null;
    const list = [
      ...files.added.map((path) => `+ ${path}`),
      ...files.removed.map((path) => `- ${path}`),
      ...files.changed.map((path) => `~ ${path}`),
    ];
    say(
      globals,
      { from: from.version, to: to.version, ...files, text },
      [`${from.version} → ${to.version}`, ...list, text ?? ''].join('\n'),
    );
    return 0;
  });
}

async function manifestOf(name: string, layout: Layout, instance: Instance): Promise<Manifest> {
  const generation = (await listGenerations(instance)).findLast(({ n, version }) => String(n) === name || version === name);
  const manifest = generation === undefined ? null : await acceptedManifest(layout, generation.treeDigest);
  if (manifest === null) throw new Failed('usage/wrong', `there is no generation or version ${JSON.stringify(name)} here`);
  return manifest;
}

interface Files {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

function compareFiles(from: Manifest, to: Manifest): Files {
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

/** The unified diff of every changed file that is text in both versions and not too large to be read by a person. */
async function textOf(paths: readonly string[], { from, to, layout }: { from: Manifest; to: Manifest; layout: Layout }): Promise<string> {
  const folders = await Promise.all([from, to].map(async ({ tree }) => (await findVersion(layout, tree.digest))?.folder ?? null));
  const [before, after] = folders;
  if (before === null || before === undefined || after === null || after === undefined) {
    throw new Failed('usage/wrong', 'only versions that are on this machine can be compared line by line');
  }
  const diffs: string[] = [];
  for (const path of paths) {
    const texts = await Promise.all([readText(join(before, path)), readText(join(after, path))]);
    const [old, now] = texts;
    diffs.push(
      typeof old === 'string' && typeof now === 'string'
        ? createTwoFilesPatch(path, path, old, now, from.version, to.version)
        : `(not text) ${path}\n`,
    );
  }
  return diffs.join('');
}

async function readText(path: string): Promise<string | null> {
  const bytes = await readFile(path);
  if (bytes.length > mostTextBytes || bytes.includes(0)) return null;
  return bytes.toString('utf8');
}
