import type { Configuration } from 'electron-builder';

/** The folders that packaging works with, the version to stamp, and around what. */
export interface Materials {
  readonly version: string;
  readonly kind: 'node' | 'electron';
  readonly application: string;
  readonly runtime: string;
  readonly output: string;
  /** The folder of the files that lie at the top of the tree, beside the runtime. */
  readonly top: string;
}

/** Returns electron-builder's configuration for a folder as an installation holds it, and for the installers that bring one. */
export function configurationOf(materials: Materials): Configuration {
  const { application, runtime, output, top } = materials;
  return {
    appId: 'org.moult.shell',
    productName: 'Moult',
    copyright: 'The Moult authors',
    directories: { output, buildResources: 'resources' },
    electronDist: runtime,
    // Only names the runtime for electron-builder; what is packaged is the folder above.
    electronVersion: '45.4.1',
    npmRebuild: false,
    publish: null,
    files: ['package.json', 'LICENSE', { from: application, to: 'dist' }, ...notShipped.map((pattern) => `!${pattern}`)],
    extraFiles: [{ from: top, to: '.' }],
    ...(materials.kind === 'node' ? aroundNode(materials) : aroundElectron(materials)),
  };
}

/** No archive around the application: Node cannot read one, and a patch of single files is smaller. */
function aroundNode({ version }: Materials): Configuration {
  return {
    extraMetadata: { version, main: 'dist/src/main/cli/moult.mjs' },
    executableName: 'moult',
    asar: false,
    linux: { target: 'dir', category: 'Utility', icon: 'icon.svg' },
    win: { target: 'dir' },
    mac: { target: 'dir', identity: null },
  };
}

/**
 * The product. Its application is one archive whose digest the program carries (macOS and Windows check it; on Linux the signed
 * list does), because nothing else may be loaded; native modules lie beside it.
 */
function aroundElectron({ version }: Materials): Configuration {
  return {
    extraMetadata: { version, main: 'dist/electron/main.js' },
    // On Linux `moult` is the command, a script that starts this program without a display.
    executableName: process.platform === 'linux' ? 'moult-window' : 'Moult',
    asar: true,
    asarUnpack: ['**/*.node'],
    electronFuses: fuses,
    linux: { target: ['AppImage', 'deb'], category: 'Utility', icon: 'icon.png' },
    // The updater is ours: what an installer brings is only the beginning.
    nsis: { oneClick: true, perMachine: false, differentialPackage: false },
    win: { target: 'nsis', icon: 'icon.png' },
    mac: { target: ['dmg', 'zip'], icon: 'icon.png', hardenedRuntime: true, gatekeeperAssess: false },
  };
}

/** What the program can do for somebody who is not its user: nothing of this. */
const fuses: NonNullable<Configuration['electronFuses']> = {
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  // No page is a file.
  grantFileProtocolExtraPrivileges: false,
  enableCookieEncryption: true,
  resetAdHocDarwinSignature: true,
};

/** What packages carry for those who build them, and binaries of other platforms. Licences stay. */
const notShipped = [
  'node_modules/node-*{,/**}',
  'node_modules/better-sqlite3/{deps,src}{,/**}',
  `node_modules/better-sqlite3/prebuilds/!(${process.platform}-${process.arch}).node`,
  'node_modules/zod/src{,/**}',
  'node_modules/undici/{docs,scripts}{,/**}',
  '**/*.{d.ts,d.mts,d.cts,map}',
];
