/**
 * Where everything lives below an installation's root. Versions, trust and downloads are shared; everything mutable is per instance.
 *
 *   boot/                           the launcher and its predecessor: what shortcuts name
 *   versions/<v>-<digest8>/         a tree, built in place
 *   versions/<v>-<digest8>.boot     what the launcher checks of it, and starts
 *   versions/<v>-<digest8>.json     its record, written last: without it the tree does not exist
 *   objects/ab/<sha256>             contents that snapshots rest on, each once
 *   trust/                          believed metadata; accepted/<treeDigest>.json: manifests that were vouched for
 *   downloads/                      parts that can be resumed, trees on the way; everything here may be deleted at any time
 *   instances/<name>/               current.json (the pointer), generations/, epochs/, snapshots/, bulk/, lock.db
 *   source.json  checked.json       where updates come from; when that was last asked
 *   lock.db                         held by whoever changes versions, objects, trust or downloads
 */
import { join } from 'node:path';
import { Failed } from '../model/failure.ts';
import { nameSchema } from '../model/parse.ts';

/** The shared paths of an installation. */
export interface Layout {
  readonly root: string;
  readonly boot: string;
  readonly versions: string;
  readonly objects: string;
  readonly trust: string;
  readonly accepted: string;
  readonly downloads: string;
  readonly instances: string;
  readonly source: string;
  readonly checked: string;
  readonly lock: string;
}

/** The paths of one instance: a named set of config, data and evolutions with its own pointer. */
export interface Instance {
  readonly name: string;
  readonly folder: string;
  readonly pointer: string;
  readonly generations: string;
  readonly epochs: string;
  readonly snapshots: string;
  readonly bulk: string;
  readonly lock: string;
}

/** Returns the shared paths below `root` (an absolute path); touches nothing. */
export function layoutOf(root: string): Layout {
  return {
    root,
    boot: join(root, 'boot'),
    versions: join(root, 'versions'),
    objects: join(root, 'objects'),
    trust: join(root, 'trust'),
    accepted: join(root, 'trust', 'accepted'),
    downloads: join(root, 'downloads'),
    instances: join(root, 'instances'),
    source: join(root, 'source.json'),
    checked: join(root, 'checked.json'),
    lock: join(root, 'lock.db'),
  };
}

/** Returns the paths of one instance; throws `usage/wrong` for a name that is not plain. */
export function instanceOf(layout: Layout, name: string): Instance {
  if (!nameSchema.safeParse(name).success) throw new Failed('usage/wrong', `${JSON.stringify(name)} is not a name for an instance`);
  const folder = join(layout.instances, name);
  return {
    name,
    folder,
    pointer: join(folder, 'current.json'),
    generations: join(folder, 'generations'),
    epochs: join(folder, 'epochs'),
    snapshots: join(folder, 'snapshots'),
    bulk: join(folder, 'bulk'),
    lock: join(folder, 'lock.db'),
  };
}
