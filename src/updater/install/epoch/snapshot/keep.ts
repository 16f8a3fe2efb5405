/** Which snapshots stay, which go, and what may not be taken away by hand. */
import type { Snapshot } from '../../../model/application/snapshot.ts';
import { Failed } from '../../../model/failure.ts';
import type { Generation } from '../../../model/generation.ts';
import { removeUnreferenced } from '../../../store/objects.ts';
import {
  forgetSnapshot,
  readableSnapshots,
  readSnapshot,
  referencedObjects,
  resolveSnapshot,
  writeSnapshot,
} from '../../../store/records.ts';
import { currentGeneration, readGeneration } from '../../generations.ts';
import { listInstances } from '../../instances.ts';
import type { Instance, Layout } from '../../layout.ts';
import { readEpoch } from '../record.ts';
import { readKeeping } from './keeping.ts';
import { storeOf, type Ground } from './take.ts';

/** Pins a snapshot, so that it stays until somebody says otherwise, or lets it go. Atomic. Throws as `readSnapshot` does. */
export async function pinSnapshot(named: string, pinned: boolean, { instance }: Pick<Ground, 'instance'>): Promise<Snapshot> {
  const { checksum: _, ...content } = await readSnapshot(instance.snapshots, await resolveSnapshot(instance.snapshots, named));
  return writeSnapshot(instance.snapshots, { ...content, pinned });
}

/**
 * Removes a snapshot, damaged or not, and what only it named; returns its id. Throws `usage/wrong` when there is none, when it is
 * pinned, and when it is the only data that the way back has. Under the lock of the root. The record's removal is the moment; the rest can be repeated.
 */
export async function deleteSnapshot(named: string, ground: Ground): Promise<string> {
  const { snapshots } = storeOf(ground);
  const id = await resolveSnapshot(snapshots, named);
  const all = await readableSnapshots(snapshots);
  const snapshot = all.find((other) => other.id === id);
  if (snapshot?.pinned === true) throw new Failed('usage/wrong', `the snapshot ${id} is pinned: first "moult snapshot pin ${id} --off"`);
  const why = snapshot === undefined ? null : await onlyPair(snapshot, all, ground.instance);
  if (why !== null) throw new Failed('usage/wrong', why);
  await forgetSnapshot(snapshots, id);
  await removeUnnamed(ground.layout);
  return id;
}

/** Removes the automatic snapshots beyond the newest `keep` (null: as many as the instance keeps), and abandoned ones after their time; returns the ids. `signedNow` is a time that was signed, since clocks go wrong (null: nobody knows); it is asked for only when it matters. */
export async function tidySnapshots(
  policy: { readonly keep: number | null; readonly signedNow: () => Promise<Date | null> },
  ground: Ground,
): Promise<readonly string[]> {
  const { snapshots } = storeOf(ground);
  const all = await readableSnapshots(snapshots);
  const gone: string[] = [];
  const signedNow = all.some(({ kind }) => kind === 'abandoned') ? await policy.signedNow() : null;
  const { snapshots: usual, abandonedDays } = await readKeeping(ground.instance);
  for (const snapshot of surplus(all, { keep: policy.keep ?? usual, abandonedDays, signedNow })) {
    if ((await onlyPair(snapshot, all, ground.instance)) !== null) continue;
    await forgetSnapshot(snapshots, snapshot.id);
    gone.push(snapshot.id);
  }
  if (gone.length > 0) await removeUnnamed(ground.layout);
  return gone;
}

/** Of snapshots, oldest first, those that nobody asked to keep: neither manual nor pinned nor among the newest `keep`, and abandoned ones older than `abandonedDays`. */
export function surplus(
  all: readonly Snapshot[],
  { keep, abandonedDays, signedNow }: { readonly keep: number; readonly abandonedDays: number; readonly signedNow: Date | null },
): readonly Snapshot[] {
  const loose = all.filter(({ pinned }) => !pinned);
  const automatic = loose.filter(({ kind }) => kind === 'pre-update' || kind === 'scheduled');
  const oldestMs = (signedNow?.getTime() ?? 0) - abandonedDays * 86_400_000;
  const abandoned = loose.filter(({ kind, createdAt }) => kind === 'abandoned' && Date.parse(createdAt) < oldestMs);
  return [...automatic.slice(0, Math.max(0, automatic.length - keep)), ...abandoned];
}

/** The folder names below `versions/` that snapshots hold on to: manual and pinned ones keep their version on disk. */
export async function versionsOfSnapshots(layout: Layout): Promise<readonly Pick<Generation, 'version' | 'treeDigest'>[]> {
  const all = await Promise.all((await listInstances(layout)).map(({ snapshots }) => readableSnapshots(snapshots)));
  return all.flat().filter(({ kind, pinned }) => pinned || kind === 'manual');
}

/** Removes every object that no snapshot of any instance names; none while a record cannot be read, since nobody knows what it names. Under the lock of the root. */
export async function removeUnnamed(layout: Layout): Promise<number> {
  const named = await referencedObjects((await listInstances(layout)).map(({ snapshots }) => snapshots));
  return named === null ? 0 : removeUnreferenced(layout.objects, named);
}

/** Why a snapshot may not go: the generation to go back to has its data nowhere else. Null when it may. */
async function onlyPair(snapshot: Snapshot, all: readonly Snapshot[], instance: Instance): Promise<string | null> {
  const previous = (await currentGeneration(instance))?.previous ?? null;
  const back = previous === null ? null : await readGeneration(instance, previous);
  if (back === null || back.treeDigest !== snapshot.treeDigest || (await readEpoch(instance, back.epoch)) !== null) return null;
  if (all.some(({ id, treeDigest }) => id !== snapshot.id && treeDigest === back.treeDigest)) return null;
  return `the snapshot ${snapshot.id} is the only data that version ${back.version}, the way back, still has`;
}
