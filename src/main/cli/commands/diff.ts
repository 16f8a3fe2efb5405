import { bothHere, compareFiles, diffOf } from '../../shell/answers/past/compare.ts';
import { listGenerations } from '../../../updater/install/generations.ts';
import type { Instance, Layout } from '../../../updater/install/layout.ts';
import { acceptedManifest, type Version } from '../../../updater/install/versions.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Manifest } from '../../../updater/model/manifest.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';

/** `moult diff A B`: the files that were added, removed or changed between two versions or generations; with `text` their lines too. */
export function diff(globals: Globals, [a, b]: readonly [string, string], options: { readonly text?: boolean }): Promise<number> {
  return runCommand(globals, async () => {
    const { layout, instance } = placeOf(globals);
    const from = await manifestOf(a, layout, instance);
    const to = await manifestOf(b, layout, instance);
    const files = compareFiles(from, to);
    const text = options.text === true ? await textOf(files.changed, await bothHere(from, to, layout)) : null;
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

/** Every changed file line by line, or that it is no text. */
async function textOf(paths: readonly string[], versions: readonly [Version, Version]): Promise<string> {
  const diffs: string[] = [];
  for (const path of paths) diffs.push((await diffOf(path, versions)) ?? `(not text) ${path}\n`);
  return diffs.join('');
}
