/** `npm run build:window`: bundles src/renderer into dist/renderer, where a host finds the window's pages. */
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const renderer = fileURLToPath(new URL('../src/renderer', import.meta.url));
const icon = fileURLToPath(new URL('../resources/icon.svg', import.meta.url));

if (import.meta.main) await buildWindow(fileURLToPath(new URL('../dist/renderer', import.meta.url)));

/** Bundles the window's pages into `folder`, which is emptied first. Nothing is inlined: the hosts' policies forbid it. Not atomic. */
export async function buildWindow(folder: string): Promise<void> {
  await build({
    root: renderer,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'chrome140',
      modulePreload: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1500,
    },
  });
  await copyFile(icon, `${folder}/icon.svg`);
}
