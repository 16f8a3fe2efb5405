/** An epoch to keep and a store to keep it in, in a temporary folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Facts, Wish } from '../../../src/updater/store/create.ts';
import type { Store } from '../../../src/updater/store/records.ts';
import { digestOf } from '../../ground/manifests.ts';

const facts: Facts = {
  kind: 'manual',
  note: 'before the move',
  generation: 3,
  epoch: 2,
  product: 'moult',
  platform: 'linux',
  arch: 'x64',
  version: '1.4.0',
  treeDigest: digestOf('tree'),
  evolutions: {},
  dataVersion: 1,
};

/** The folders of a store below `root`. */
export function storeIn(root: string): Store {
  return { objects: join(root, 'objects'), snapshots: join(root, 'snapshots') };
}

/** What to keep of `root/epoch`. */
export function wishFor(root: string, change: Partial<Wish> & { readonly kind?: Facts['kind'] } = {}): Wish {
  const subject = { folder: join(root, 'epoch'), folders: ['config', 'data', 'evolutions'], caches: ['data/cache'], databases: [] };
  const { kind = 'manual', ...rest } = change;
  return { facts: { ...facts, kind }, subject, program: null, rehash: false, now: new Date('2026-05-06T07:08:09Z'), ...rest };
}

/** Writes files below `root/epoch`. */
export async function writeEpoch(root: string, contents: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const folder of ['config', 'data', 'evolutions']) await mkdir(join(root, 'epoch', folder), { recursive: true });
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, 'epoch', path)), { recursive: true });
    await writeFile(join(root, 'epoch', path), content);
  }
}
