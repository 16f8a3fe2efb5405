import { diff } from 'semver';
import { canonicalJson } from '../../../src/updater/disk/json.ts';
import { sha256Hex, treeDigest } from '../../../src/updater/disk/hash.ts';
import { parseManifest, type Manifest, type Needs, type Package, type PatchPackage } from '../../../src/updater/model/manifest.ts';
import type { Tree } from '../../../src/updater/model/tree.ts';
import type { Application } from './application.ts';
import type { Changelog } from './origin/changelog.ts';
import type { Origin } from './origin/provenance.ts';

/** What the release engineer says about a release; null means: take what the tree says, or what the version number says. */
export interface Description {
  readonly product: string;
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
  readonly type: Manifest['type'] | null;
  readonly severity: Manifest['severity'];
  readonly risk: Manifest['risk'];
  readonly dataVersion: number | null;
  readonly needs: Needs;
  readonly rollback: Manifest['rollback'];
  readonly changelog: Changelog;
}

/** Everything that a manifest is put together from; `builder` names the tool, its runtime and its settings. */
export interface Ingredients {
  readonly description: Description;
  readonly application: Application;
  readonly origin: Origin;
  readonly tree: Tree;
  readonly full: Package;
  readonly patches: readonly PatchPackage[];
  readonly previous: string | null;
  readonly builder: string;
}

/** Puts a manifest together; the same ingredients give the same manifest. Throws `check/invalid` when clients would refuse it. */
export function composeManifest(from: Ingredients): Manifest {
  const { description, application, origin, tree, full, patches, builder } = from;
  const { type, dataVersion, changelog, ...given } = description;
  const digest = treeDigest(tree);
  const inputs = {
    tree: digest,
    bases: patches.map(({ fromTree }) => fromTree),
    description,
    application,
    builder,
    revision: origin.revision,
  };
  return parseManifest({
    schema: '1.0',
    ...given,
    publishedAt: origin.at,
    type: type ?? typeOf(from.previous, description.version),
    ...changelog,
    tree: { digest, ...tree },
    full,
    patches,
    evolutions: [],
    ...application,
    dataVersion: dataVersion ?? application.dataVersion,
    provenance: {
      revision: origin.revision,
      source: origin.source,
      builtAt: origin.at,
      builder,
      inputsDigest: sha256Hex(canonicalJson(inputs)),
    },
  });
}

/** What kind of release the version number says this is, seen from the one before. */
function typeOf(previous: string | null, version: string): Manifest['type'] {
  const step = previous === null ? 'major' : diff(previous, version);
  if (step === 'major' || step === 'premajor') return 'major';
  return step === 'minor' || step === 'preminor' ? 'minor' : 'patch';
}
