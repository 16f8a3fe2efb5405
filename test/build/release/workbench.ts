import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildRelease, type Built } from '../../../build/release/make/build.ts';
import type { BuildOptions } from '../../../build/release/make/options.ts';
import { createKeys, openKeys, type Keys } from '../../../build/release/metadata/keys.ts';
import { initRepository } from '../../../build/release/metadata/publish.ts';
import { publishRelease, type PublishOptions } from '../../../build/release/publish/publish.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

/** What stands in a tree: contents by path; a path that ends in `*` is a program, a value with `link` a link. */
export type Contents = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

/** A fresh repository with its keys, and the way from a tree to a published release. */
export interface Workbench extends AsyncDisposable {
  readonly path: string;
  readonly repo: string;
  readonly keysFolder: string;
  readonly keys: Keys;
  readonly now: Date;
  build(version: string, contents: Contents, options?: Partial<BuildOptions>): Promise<Built>;
  publish(options?: Partial<PublishOptions>): Promise<void>;
}

const now = new Date('2026-03-01T12:00:00Z');
const environment = { SOURCE_DATE_EPOCH: '1772000000' };

export async function workbench(): Promise<Workbench> {
  const folder = await tempFolder();
  const [repo, keysFolder] = [join(folder.path, 'repo'), join(folder.path, 'keys')];
  await createKeys(keysFolder, 'solo');
  const keys = await openKeys(keysFolder);
  await initRepository(repo, keys, now);
  const usual = { repo, platform: 'linux', arch: 'x64', cache: join(folder.path, 'cache'), level: 3 };
  let trees = 0;
  return {
    path: folder.path,
    repo,
    keysFolder,
    keys,
    now,
    build: async (version, contents, options = {}) => {
      const tree = join(folder.path, `tree-${(trees += 1)}`);
      await writeTree(tree, contents);
      return buildRelease({ ...usual, tree, version, ...options }, { keys, environment }, quietJob());
    },
    publish: async (options = {}) => {
      await publishRelease({ channel: 'stable', rollout: '100', version: null, target: null, ...options }, { repo, keys, now }, quietJob());
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export async function writeTree(folder: string, contents: Contents): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, name.replace(/\*$/, ''));
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, path);
    else await writeFile(path, content);
    if (name.endsWith('*')) await chmod(path, 0o755);
  }
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
