/** Installations for the launcher: versions with small programs, generations in any state, and ways to start them. */
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { pointTo, writeGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../../src/updater/install/layout.ts';
import { beginVersion, recordVersion } from '../../../src/updater/install/versions.ts';
import { versionName, type Generation } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { writeTree, type Contents } from '../../ground/publisher.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';

/** The launcher of this checkout. */
export const launcher = fileURLToPath(new URL('../../../src/main/launcher/moult.sh', import.meta.url));

const made = new Date('2026-05-06T07:08:09Z');

/** An installation with the launcher at its place. */
export interface Ground {
  readonly root: string;
  readonly layout: Layout;
  readonly instance: Instance;
  version(version: string, contents: Contents, entry?: Manifest['entry']): Promise<Manifest>;
  /** Writes the next generation's record; it is current as well unless told otherwise. */
  generation(manifest: Manifest, fields?: Partial<Generation>, isCurrent?: boolean): Promise<Generation>;
}

/** Makes an installation in `root` with this launcher, or opens one that has `last` generations. */
export async function openGround(root: string, last = 0): Promise<Ground> {
  const layout = layoutOf(root);
  const instance = instanceOf(layout, 'default');
  await mkdir(instance.generations, { recursive: true });
  await mkdir(join(root, 'boot'), { recursive: true });
  await cp(launcher, join(root, 'boot', 'moult'));
  await chmod(join(root, 'boot', 'moult'), 0o755);
  let n = last;
  const version = async (name: string, contents: Contents, entry: Manifest['entry'] = programEntry): Promise<Manifest> => {
    const source = join(root, '..', 'source', name);
    await writeTree(source, contents);
    const tree = await scanTree(source, quietJob());
    const manifest = manifestWith({ version: name, entry, tree: { files: [...tree.files], links: [], digest: treeDigest(tree) } });
    await cp(source, await beginVersion(layout, manifest), { recursive: true });
    await recordVersion(layout, manifest, { manifestSha256: digestOf(name), floor: { timestamp: 1 }, now: made });
    return manifest;
  };
  const generation = async (manifest: Manifest, fields: Partial<Generation> = {}, isCurrent = true): Promise<Generation> => {
    n += 1;
    const { version, tree } = manifest;
    const before = n === 1 ? null : n - 1;
    const record: Generation = {
      ...generationOf({ n, version, treeDigest: tree.digest, epoch: n, previous: before }),
      ...fields,
    };
    await mkdir(join(instance.epochs, String(record.epoch)), { recursive: true });
    await writeGeneration(instance, record);
    if (isCurrent) await pointTo(instance, record);
    return record;
  };
  return { root, layout, instance, version, generation };
}

/** A good generation in which only the given fields are of interest. */
export function generationOf(fields: Partial<Generation>): Generation {
  return {
    n: 1,
    version: '1.0.0',
    treeDigest: digestOf('tree'),
    evolutions: {},
    epoch: 1,
    dataVersion: 0,
    state: 'good',
    triesLeft: 3,
    previous: null,
    why: 'update',
    data: 'clone',
    createdAt: '2026-05-06T07:08:09Z',
    startedAt: null,
    confirmedAt: null,
    failure: null,
    ...fields,
  };
}

const programEntry = { program: 'app', args: ['one', 'two words', 'back\\slash\nand line\n'] };

/** A tree with a program of its own that says what it was started with, and a native module that would run first. */
export function plainTree(version: string): Contents {
  return {
    app: {
      program: `#!/bin/sh\necho "app ${version} in \${PWD##*/}: $# $MOULT_MODE $MOULT_GENERATION \${MOULT_EPOCH##*/}\${MOULT_SAFE:+ safe}"\nprintf '<%s>' "$@"\nexit 5\n`,
    },
    'lib/it.node': `native code of ${version}`,
    'read me.txt': version,
  };
}

/** A tree that carries an engine: one that says what it was asked for, and ends with `code`. */
export function engineTree(version: string, code = 0): Contents {
  return {
    ...plainTree(version),
    moult: { program: `#!/bin/sh\nshift 4\necho "engine ${version}: $*"\nexit ${code}\n` },
    'resources/app/dist/src/main/cli/moult.mjs': '',
  };
}

/** Where a version's tree is. */
export function folderOf({ layout }: Ground, { version, tree }: Manifest): string {
  return join(layout.versions, versionName(version, tree.digest));
}

/** How a command ended and what it said. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end without a terminal. */
export async function runCommand(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Said> {
  const child = spawn(command[0] ?? '', command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => void child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Starts an installation through its launcher. */
export function launch({ root }: Pick<Ground, 'root'>, ...words: readonly string[]): Promise<Said> {
  return runCommand([join(root, 'boot', 'moult'), ...words], withoutDisplay());
}

/** This process's environment as it is where no window can be opened. */
export function withoutDisplay(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MOULT_.*|DISPLAY|WAYLAND_DISPLAY)$/.test(name)));
}
