/** Makes a release a version on this machine: by its plan, or, when that route turns out to be bad, by the next best one. */
import { compareTree } from '../disk/scan.ts';
import { requireBytes } from '../disk/space.ts';
import { validateTree } from '../install/checks/content/validate.ts';
import { tidy } from '../install/clean/tidy.ts';
import { rehearse, type Rehearsal } from '../install/epoch/aside/preflight.ts';
import type { Epoch } from '../install/epoch/epochs.ts';
import type { Instance } from '../install/layout.ts';
import { beginVersion, recordVersion } from '../install/versions.ts';
import { Failed, failureOf, type Failure, type FailureCode } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Manifest, Package } from '../model/manifest.ts';
import type { Asking, Release } from './check.ts';
import { downloadName, obtain } from './obtain.ts';
import { planUpdate, type Plan, type Route, type RouteKind } from './plan.ts';
import { isSame, type Stock } from './stock.ts';

/** A release to make, what is on this machine, the routes that are not to be taken, and where it all happens. */
export interface Target extends Asking {
  readonly release: Release;
  readonly stock: Stock;
  readonly ruledOut: readonly RouteKind[];
  readonly instance: Instance;
  readonly running: Epoch | null;
}

/** The plan that worked, the routes that failed before it, and how the rehearsal went (null: the version stood already). */
export interface Made {
  readonly plan: Plan;
  readonly rehearsal: Rehearsal | null;
  readonly failed: readonly { readonly route: RouteKind; readonly failure: Failure }[];
}

/** Builds, verifies and records the version. Throws the last route's failure when none is left, and at once what no other route would mend. */
export async function makeVersion(first: Plan, target: Target, job: Job): Promise<Made> {
  const failed: { route: RouteKind; failure: Failure }[] = [];
  let plan = first;
  while (plan.route.kind !== 'present') {
    const tried = await attempt(plan, target, job);
    if (tried.kind !== 'failed') return { plan, failed, rehearsal: tried };
    const { failure } = tried;
    if (plan.route.kind === 'full') throw new Failed(failure.code, failure.detail);
    failed.push({ route: plan.route.kind, failure });
    plan = planUpdate(target.release.manifest, target.stock.have, [...target.ruledOut, ...failed.map(({ route }) => route)]);
  }
  return { plan, failed, rehearsal: null };
}

/** Failures that say something about one package and nothing about the others. */
const routeFailures: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'build/invalid',
  'build/hash',
  'build/base',
  'fetch/corrupt',
  'fetch/refused',
  'fetch/too-large',
]);

/** Tries one plan; returns the failure that another route may not have, every other one is thrown. */
async function attempt(plan: Plan, target: Target, job: Job): Promise<Rehearsal | { readonly kind: 'failed'; readonly failure: Failure }> {
  try {
    return await buildVersion(plan, target, job);
  } catch (error) {
    const failure = failureOf(error);
    if (routeFailures.has(failure.code)) return { kind: 'failed', failure };
    throw error;
  }
}

async function buildVersion(plan: Plan, target: Target, job: Job): Promise<Rehearsal> {
  const { layout, remote, now, stock } = target;
  const { manifest, manifestSha256, floor, releaseKeys } = target.release;
  await tidy(layout, new Set(packagesOf(plan.route).map(downloadName)));
  await requireBytes(layout.root, plan.diskBytes);
  const to = await beginVersion(layout, manifest);
  await obtain(plan.route, { manifest, to, layout, remote, releaseKeys, ground: stock.ground }, job);
  await refuseDifferent(to, manifest, job);
  const known = new Set(stock.ground?.tree.files.map(({ sha256 }) => sha256));
  await validateTree(to, manifest, { known, job });
  const rehearsal = await rehearse({ layout, instance: target.instance, manifest, folder: to, from: target.running }, job);
  await recordVersion(layout, manifest, { manifestSha256, floor, now });
  return rehearsal;
}

function packagesOf(route: Route): readonly Package[] {
  switch (route.kind) {
    case 'present':
      return [];
    case 'direct':
      return [route.patch];
    case 'two':
      return [route.first, route.second];
    case 'full':
      return [route.full];
  }
}

/** Every file, mode and link against the signed list, once more and from the disk. */
async function refuseDifferent(folder: string, manifest: Manifest, job: Job): Promise<void> {
  const difference = await compareTree(folder, manifest.tree, job);
  if (isSame(difference)) return;
  const path = difference.changed[0]?.path ?? difference.missing[0] ?? difference.extra[0];
  throw new Failed('build/hash', `the built tree differs from the signed list, first at ${JSON.stringify(path)}`);
}
