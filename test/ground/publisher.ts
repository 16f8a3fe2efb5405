import { mkdir, readFile, rm, symlink, writeFile, chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildRelease, type Built } from '../../build/release/make/build.ts';
import type { BuildOptions } from '../../build/release/make/options.ts';
import { createKeys, openKeys, type Keys } from '../../build/release/metadata/keys.ts';
import { initRepository } from '../../build/release/metadata/publish.ts';
import { publishRelease } from '../../build/release/publish/publish.ts';
import { quietJob } from '../../src/updater/model/job.ts';

/** One entry of a small tree: a file's content (text, bytes), a program's, or a link's target. */
export type Content = string | Uint8Array | { readonly program: string | Uint8Array } | { readonly link: string };
export type Contents = Readonly<Record<string, Content>>;

/** Somebody who publishes: a repository with fresh keys, where trees become releases. */
export interface TestPublisher {
  readonly repo: string;
  readonly keys: Keys;
  readonly trustedRoot: string;
  /** Writes a tree, builds it as `version` and publishes it to everyone on the stable channel. */
  release(version: string, contents: Contents, options?: Partial<BuildOptions>): Promise<Built>;
}

/** Starts a repository in `folder`, whose signatures are made at `now`. */
export async function openPublisher(folder: string, now: () => Date = () => new Date()): Promise<TestPublisher> {
  const repo = join(folder, 'repo');
  const keysFolder = join(folder, 'keys');
  await createKeys(keysFolder, 'solo');
  const keys = await openKeys(keysFolder);
  await initRepository(repo, keys, now());
  const release = async (version: string, contents: Contents, options: Partial<BuildOptions> = {}): Promise<Built> => {
    const tree = join(folder, 'tree');
    await rm(tree, { recursive: true, force: true });
    await writeTree(tree, contents);
    const cache = join(folder, 'cache');
    const { platform, arch } = process;
    const built = await buildRelease(
      { repo, tree, version, platform, arch, cache, level: 3, revision: `r-${version}`, source: 'test', ...options },
      { keys, environment: { SOURCE_DATE_EPOCH: '1767323045' } },
      quietJob(),
    );
    const what = { channel: 'stable', rollout: '100', version, target: null };
    await publishRelease(what, { repo, keys, now: now() }, quietJob());
    return built;
  };
  return { repo, keys, trustedRoot: await readFile(join(repo, 'metadata', '1.root.json'), 'utf8'), release };
}

/** Writes a small tree to a folder. */
export async function writeTree(folder: string, contents: Contents): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(target, content);
    else if ('link' in content) await symlink(content.link, target);
    else {
      await writeFile(target, content.program);
      await chmod(target, 0o755);
    }
  }
}
