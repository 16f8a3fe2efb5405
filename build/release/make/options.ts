import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Keys } from '../metadata/keys.ts';
import type { Signer } from '../metadata/sign.ts';
import { targetOf } from '../publish/published.ts';
import type { Description } from './manifest.ts';
import type { Workshop } from './packages.ts';

type Optional<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** The folder to release, what is said about it, and how; whatever is left out has its usual value. */
export interface BuildOptions extends Optional<Omit<Description, 'version' | 'platform' | 'arch'>> {
  readonly repo: string;
  readonly tree: string;
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
  /** Where trees of older versions and results of bsdiff are kept; may be thrown away. */
  readonly cache?: string | undefined;
  /** How many of the last versions get a patch (5; 0 for none), and which versions besides. */
  readonly patchesFrom?: number | undefined;
  readonly alsoFrom?: readonly string[] | undefined;
  /** zstd's level, 1–22 (19). */
  readonly level?: number | undefined;
  /** The folder whose checkout tells revision and date (the tree's own), or what to say instead. */
  readonly checkout?: string | undefined;
  readonly revision?: string | undefined;
  readonly source?: string | undefined;
}

/** Returns what is said about a release, with the usual words where nothing was said; nothing else of the options. */
export function descriptionOf(options: BuildOptions): Description {
  const { version, platform, arch } = options;
  return {
    product: options.product ?? 'moult',
    version,
    platform,
    arch,
    type: options.type ?? null,
    severity: options.severity ?? 'none',
    risk: options.risk ?? 'low',
    dataVersion: options.dataVersion ?? null,
    needs: options.needs ?? { updater: null, os: null, libc: null, minFrom: null },
    rollback: options.rollback ?? { supported: true, minVersion: null },
    changelog: options.changelog ?? { notes: {}, changes: [], breaking: [] },
  };
}

/** Returns where and by whom packages are made; throws `usage/wrong` without the release key. */
export function workshopOf(options: BuildOptions, keys: Keys): Workshop {
  const { repo, cache = usualCache(), level = 19 } = options;
  return { repo, cache, target: targetOf(options), key: signingKey(keys), level };
}

/** Returns the release key; throws `usage/wrong` when it is not among the keys. */
export function signingKey(keys: Keys): Signer {
  const [key] = keys.targets;
  if (key === undefined) throw new Failed('usage/wrong', 'the release key (targets.key) signs packages and is not among the keys');
  return key;
}

/** The user's folder for what may be thrown away. */
export function usualCache(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return join(XDG_CACHE_HOME ?? LOCALAPPDATA ?? join(homedir(), '.cache'), 'moult-release');
}
