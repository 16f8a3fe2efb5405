import { copyFile, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundlePreload } from '../preload.ts';
import { buildWindow } from '../window.ts';

/**
 * Lays out in `folder` (made by this) what the compiler made of the product's sources, and returns it; around Electron its main
 * process, preload and picture too; and the window's pages in `renderer/`. The sources decide what there is: what the compiler once made of a file that is gone stays behind.
 */
export async function stageApplication(sources: string, folder: string, runtime: 'node' | 'electron'): Promise<string> {
  const product = ['src/{updater,main}/**/*.ts', 'src/main/cli/*.mjs', 'src/main/launcher/*.sh'];
  await copyMade(runtime === 'node' ? product : [...product, 'electron/**/!(preload).ts'], { sources, folder });
  await buildWindow(join(folder, 'renderer'));
  if (runtime === 'node') return folder;
  await bundlePreload(sources, join(folder, 'electron'));
  await copyFile(join(sources, 'resources/icon.png'), join(folder, 'electron/icon.png'));
  return folder;
}

async function copyMade(
  patterns: readonly string[],
  { sources, folder }: { readonly sources: string; readonly folder: string },
): Promise<void> {
  for await (const source of glob(patterns, { cwd: sources })) {
    const made = source.replace(/\.ts$/, '.js');
    await mkdir(dirname(join(folder, made)), { recursive: true });
    if (made === source) await writeFile(join(folder, made), importsOfCompiled(await readFile(join(sources, source), 'utf8')));
    else await copyFile(join(sources, 'dist', made), join(folder, made));
  }
}

/** Plain JavaScript does not go through the compiler, which would have made the same change to its imports. */
function importsOfCompiled(code: string): string {
  return code.replaceAll(/(import\('\.[^']*)\.ts'\)/g, "$1.js')");
}
