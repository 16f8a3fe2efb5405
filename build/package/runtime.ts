import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cloneFile } from '../../src/updater/disk/clone.ts';
import { Failed } from '../../src/updater/model/failure.ts';

/**
 * Returns the folder of Electron's binaries, or null where they are not. Looks at the file system only: loading the
 * `electron` package in plain Node starts a download.
 */
export function electronFolder(sources: string): string | null {
  const candidates = [process.env['ELECTRON_OVERRIDE_DIST_PATH'], join(sources, 'node_modules/electron/dist')];
  const program = process.platform === 'win32' ? 'electron.exe' : 'electron';
  return candidates.find((folder) => folder !== undefined && existsSync(join(folder, program))) ?? null;
}

/**
 * Makes a runtime folder of the shape that electron-builder knows around a Node binary, and returns it: `electron` is a script
 * that starts that Node on the application beside it. Throws `usage/wrong` where the binary's licence is not beside it as in
 * Node's own packages (`bin/node`, `LICENSE`), for the licence has to travel along.
 */
export async function makeNodeRuntime(folder: string, nodeBinary: string): Promise<string> {
  const licence = join(dirname(dirname(nodeBinary)), 'LICENSE');
  if (!existsSync(licence)) throw new Failed('usage/wrong', `${nodeBinary} has no LICENSE beside its folder`);
  await mkdir(folder);
  await cloneFile(nodeBinary, join(folder, 'node'));
  await chmod(join(folder, 'node'), 0o755);
  await copyFile(licence, join(folder, 'LICENSE'));
  const { stdout: version } = await promisify(execFile)(nodeBinary, ['--version'], { encoding: 'utf8' });
  await writeFile(join(folder, 'version'), version.replace(/^v/, ''));
  await writeFile(join(folder, 'electron'), starter, { mode: 0o755 });
  return folder;
}

/** Finds its own folder through any link that names it. */
const starter = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/resources/app/dist/src/main/cli/moult.mjs" "$@"
`;
