/** What becomes of a version that its publisher has taken back: one that waits is never started, one that runs is offered the way back. */
import { Failed } from '../../model/failure.ts';
import { condemn } from '../activate.ts';
import { currentGeneration, listGenerations, stagedGeneration } from '../generations.ts';
import type { Instance, Layout } from '../layout.ts';
import { listVersions } from '../versions.ts';

/** A version that was taken back, and what its publisher says about it. */
interface Withdrawn {
  readonly version: string;
  readonly reason: string;
}

/** A running version that was taken back. `back` is the version to go back to, null when there is none on this machine. */
export interface Recalled extends Withdrawn {
  readonly back: string | null;
}

/** Marks a waiting update to a withdrawn version as bad, so that no start switches to it. Atomic. */
export async function dropWithdrawn(instance: Instance, withdrawn: readonly Withdrawn[]): Promise<void> {
  const staged = await stagedGeneration(instance);
  const gone = withdrawn.find(({ version }) => version === staged?.version);
  if (staged === null || staged.why !== 'update' || gone === undefined) return;
  await condemn(staged, new Failed('switch/denied', `version ${gone.version} was withdrawn: ${gone.reason}`).failure, { instance });
}

/** Whether the running version was taken back, and where to go: the newest other version that was good, stands, and was not taken back itself. */
export async function recalled(layout: Layout, instance: Instance, withdrawn: readonly Withdrawn[]): Promise<Recalled | null> {
  const current = await currentGeneration(instance);
  const gone = withdrawn.find(({ version }) => version === current?.version);
  if (gone === undefined) return null;
  const standing = new Set((await listVersions(layout)).map(({ treeDigest }) => treeDigest));
  const back = (await listGenerations(instance)).findLast(
    ({ state, version, treeDigest }) => state === 'good' && standing.has(treeDigest) && !withdrawn.some((each) => each.version === version),
  );
  return { version: gone.version, reason: gone.reason, back: back?.version ?? null };
}
