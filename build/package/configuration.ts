import type { Configuration } from 'electron-builder';

/** The folders that packaging works with, and the version to stamp. */
export interface Materials {
  readonly version: string;
  readonly application: string;
  readonly runtime: string;
  readonly output: string;
  /** The folder of the files that lie at the top of the tree, beside the runtime. */
  readonly top: string;
}

/**
 * Returns electron-builder's configuration for a folder as an installation holds it. No archive around the application: Node
 * cannot read one, and a patch of single files is smaller.
 */
export function configurationOf({ version, application, runtime, output, top }: Materials): Configuration {
  return {
    appId: 'org.moult.shell',
    productName: 'Moult',
    executableName: 'moult',
    copyright: 'The Moult authors',
    extraMetadata: { version, main: 'dist/src/main/cli/moult.mjs' },
    directories: { output, buildResources: 'resources' },
    electronDist: runtime,
    // Only names the runtime for electron-builder; what is packaged is the folder above.
    electronVersion: '45.4.1',
    npmRebuild: false,
    asar: false,
    publish: null,
    files: ['package.json', 'LICENSE', { from: application, to: 'dist' }, ...notShipped.map((pattern) => `!${pattern}`)],
    extraFiles: [{ from: top, to: '.' }],
    linux: { target: 'dir', category: 'Utility', icon: 'icon.svg' },
    win: { target: 'dir' },
    mac: { target: 'dir', identity: null },
  };
}

/** What packages carry for those who build them, and binaries of other platforms. Licences stay. */
const notShipped = [
  'node_modules/node-*{,/**}',
  'node_modules/better-sqlite3/{deps,src}{,/**}',
  `node_modules/better-sqlite3/prebuilds/!(${process.platform}-${process.arch}).node`,
  'node_modules/zod/src{,/**}',
  'node_modules/undici/{docs,scripts}{,/**}',
  '**/*.{d.ts,d.mts,d.cts,map}',
];
