/** Bundles what is loaded before a page under Electron: sandboxed, it may load no other file, so everything is in this one. */
import { join } from 'node:path';
import { build } from 'vite';

/** Writes `preload.cjs` into `folder`, which may hold other things, and returns its path. Only `electron` is left to be required. */
export async function bundlePreload(sources: string, folder: string): Promise<string> {
  await build({
    configFile: false,
    root: join(sources, 'electron'),
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'es2024',
      lib: { entry: join(sources, 'electron/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  });
  return join(folder, 'preload.cjs');
}
