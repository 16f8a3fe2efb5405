/**
 * The plan: which bytes bring a machine from what it has to a release, decided without touching anything.
 *
 * Routes compared by the bytes they fetch: nothing (the version stands already), a direct patch, two patches by way of another
 * published version, ranges of the full package for the files whose content is not here. Every route that was not taken stays
 * in the plan with its reason.
 */
import semver from 'semver';
import type { Generation } from '../model/generation.ts';
import type { Manifest, Package, PatchPackage } from '../model/manifest.ts';
import type { TreeFile } from '../model/tree.ts';

export type Route =
  | { readonly kind: 'present' }
  | { readonly kind: 'direct'; readonly patch: Package }
  | { readonly kind: 'two'; readonly first: Package; readonly middle: Manifest; readonly second: Package }
  | { readonly kind: 'full'; readonly full: Package };

export type RouteKind = Route['kind'];

/** A route that was weighed and not taken; `bytes` is null when it does not exist. */
export interface Refusal {
  readonly route: RouteKind;
  readonly bytes: number | null;
  readonly why: string;
}

/** `bytesToFetch` is exact for patches and an estimate for ranges of the full package, whose header is not known yet. */
export interface Plan {
  readonly route: Route;
  readonly bytesToFetch: number;
  readonly diskBytes: number;
  readonly refused: readonly Refusal[];
}

/** What is on this machine: the running tree's digest and its undamaged files; whether the target stands; manifests of versions on the way. */
export interface Have {
  readonly treeDigest: string | null;
  readonly files: readonly TreeFile[];
  readonly damaged: boolean;
  readonly present: boolean;
  readonly middles: readonly Manifest[];
}

interface Candidate {
  readonly route: Route;
  readonly bytes: number;
}

/** Picks the cheapest route in bytes; `ruledOut` names kinds of routes that were tried and failed. Pure. */
export function planUpdate(target: Manifest, have: Have, ruledOut: readonly RouteKind[]): Plan {
  const weighed = [weighPresent(have), weighDirect(target, have), weighTwo(target, have), weighFull(target, have)];
  const open = weighed.filter((item) => 'bytes' in item).filter(({ route }) => !ruledOut.includes(route.kind));
  const best = open.toSorted((a, b) => a.bytes - b.bytes)[0] ?? weighFull(target, have);
  const refused = weighed.flatMap((item): Refusal[] => {
    if (!('bytes' in item)) return [item.none];
    if (item.route.kind === best.route.kind) return [];
    const why = ruledOut.includes(item.route.kind) ? 'it was tried and failed' : `it fetches ${item.bytes - best.bytes} bytes more`;
    return [{ route: item.route.kind, bytes: item.bytes, why }];
  });
  return { route: best.route, bytesToFetch: best.bytes, diskBytes: diskBytes(target, best), refused };
}

/** The patches whose starting points are worth asking for before a plan is made: none when a direct patch will do. */
export function middlesToAsk(target: Manifest, treeDigest: string | null, ruledOut: readonly RouteKind[]): readonly PatchPackage[] {
  const isDirect = target.patches.some(({ fromTree }) => fromTree === treeDigest) && !ruledOut.includes('direct');
  if (treeDigest === null || isDirect || ruledOut.includes('two')) return [];
  return target.patches.slice(0, 8);
}

type Weighed = Candidate | { readonly none: Refusal };

function weighPresent(have: Have): Weighed {
  if (have.present) return { route: { kind: 'present' }, bytes: 0 };
  return { none: { route: 'present', bytes: null, why: 'this version is not on this machine' } };
}

function weighDirect(target: Manifest, have: Have): Weighed {
  const refuse = (why: string): Weighed => ({ none: { route: 'direct', bytes: null, why } });
  if (have.treeDigest === null) return refuse('nothing is installed');
  if (have.damaged) return refuse('files of the running version are damaged');
  const patch = target.patches.find(({ fromTree }) => fromTree === have.treeDigest);
  return patch === undefined ? refuse('no patch starts from the running version') : { route: { kind: 'direct', patch }, bytes: patch.size };
}

function weighTwo(target: Manifest, have: Have): Weighed {
  const refuse = (why: string): Weighed => ({ none: { route: 'two', bytes: null, why } });
  if (have.treeDigest === null) return refuse('nothing is installed');
  if (have.damaged) return refuse('files of the running version are damaged');
  const ways = have.middles.flatMap((middle): Candidate[] => {
    const first = middle.patches.find(({ fromTree }) => fromTree === have.treeDigest);
    const second = target.patches.find(({ fromTree }) => fromTree === middle.tree.digest);
    if (first === undefined || second === undefined) return [];
    return [{ route: { kind: 'two', first, middle, second }, bytes: first.size + second.size }];
  });
  return ways.toSorted((a, b) => a.bytes - b.bytes)[0] ?? refuse('no two patches lead from the running version to this one');
}

/** The share of the full package that carries the content which is missing here. */
function weighFull(target: Manifest, have: Have): Candidate {
  const here = new Set(have.files.map(({ sha256 }) => sha256));
  const all = target.tree.files.reduce((sum, { size }) => sum + size, 0);
  const missing = target.tree.files.filter(({ sha256 }) => !here.has(sha256)).reduce((sum, { size }) => sum + size, 0);
  const body = target.full.size - target.full.headerSize;
  const share = all === 0 ? 1 : missing / all;
  return { route: { kind: 'full', full: target.full }, bytes: target.full.headerSize + Math.ceil(body * share) };
}

/** Room for what is fetched, the new tree, and the tree in between; cloned files are counted as if they were copied. */
function diskBytes(target: Manifest, { route, bytes }: Candidate): number {
  if (route.kind === 'present') return 0;
  const trees = route.kind === 'two' ? [target.tree, route.middle.tree] : [target.tree];
  return bytes + trees.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0);
}

/** What taking a release means for the person, apart from bytes. */
export interface Effect {
  readonly restart: boolean;
  readonly dataMigration: { readonly from: number; readonly to: number } | null;
  readonly canBeUndone: boolean;
}

/** Says what a release changes for a machine that runs `running` (null: nothing). Pure. */
export function effectOf(target: Manifest, running: Pick<Generation, 'version' | 'dataVersion'> | null): Effect {
  const { supported, minVersion } = target.rollback;
  const migrates = running !== null && running.dataVersion !== target.dataVersion;
  return {
    restart: target.entry !== null,
    dataMigration: migrates ? { from: running.dataVersion, to: target.dataVersion } : null,
    canBeUndone: running !== null && supported && (minVersion === null || semver.gte(running.version, minVersion)),
  };
}
