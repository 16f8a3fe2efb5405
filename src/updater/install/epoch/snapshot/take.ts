/**
 * Snapshots of what an instance has: taken while its program may be running, under the lock of the root, which a switch needs too.
 *
 * Kept are the declared state and the evolutions' storage; not the browser's profile, which only its own browser can write, nor
 * caches, nor `bulk`, which no version ever changes.
 */
import { parseDataDeclaration } from '../../../model/application/data.ts';
import { snapshotLimits, type Snapshot, type SnapshotKind } from '../../../model/application/snapshot.ts';
import { Failed } from '../../../model/failure.ts';
import type { Generation } from '../../../model/generation.ts';
import type { Job } from '../../../model/job.ts';
import type { Manifest } from '../../../model/manifest.ts';
import { createSnapshot, type Wish } from '../../../store/create.ts';
import type { Store } from '../../../store/records.ts';
import { installedGeneration } from '../../generations.ts';
import type { Instance, Layout } from '../../layout.ts';
import { acceptedManifest, findVersion } from '../../versions.ts';
import { epochFolder, readEpoch } from '../record.ts';

/** Where snapshots are taken and gone back to. */
export interface Ground {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly now: Date;
}

/** What is wished of a snapshot: its kind, a note, whether the program is copied too, and whether everything is read anew. */
export interface SnapshotWish {
  readonly kind: SnapshotKind;
  readonly note: string;
  readonly program: boolean;
  readonly rehash: boolean;
}

/** Takes a snapshot of the present epoch; throws `start/nothing`, `state/damaged` when its version's manifest is lost, `usage/wrong` for a note that is too long, and as `createSnapshot` does. Atomic. */
export async function takeSnapshot(wish: SnapshotWish, ground: Ground, job: Job): Promise<Snapshot> {
  if (wish.note.length > snapshotLimits.noteLength)
    throw new Failed('usage/wrong', `a note has at most ${snapshotLimits.noteLength} characters`);
  return keepEpoch(await installedGeneration(ground.instance), wish, { ...ground, job });
}

/** Takes a snapshot of the epoch that a generation names. Atomic. */
export async function keepEpoch(generation: Generation, wish: SnapshotWish, tools: Ground & { readonly job: Job }): Promise<Snapshot> {
  const { layout, instance, now, job } = tools;
  const { n, epoch, version, treeDigest, evolutions } = generation;
  const manifest = await acceptedManifest(layout, treeDigest);
  if (manifest === null) throw new Failed('state/damaged', `what version ${version} consists of is not known on this machine any more`);
  const dataVersion = (await readEpoch(instance, epoch))?.dataVersion ?? generation.dataVersion;
  const { product, platform, arch } = manifest;
  const facts = {
    kind: wish.kind,
    note: wish.note,
    generation: n,
    epoch,
    version,
    treeDigest,
    evolutions,
    dataVersion,
    product,
    platform,
    arch,
  };
  const subject = subjectOf(epochFolder(instance, epoch), manifest);
  const program = wish.program ? await programOf(layout, generation) : null;
  return createSnapshot(storeOf({ layout, instance }), { facts, subject, program, rehash: wish.rehash, now }, job);
}

/** Where an instance's snapshots are. */
export function storeOf({ layout, instance }: Pick<Ground, 'layout' | 'instance'>): Store {
  return { objects: layout.objects, snapshots: instance.snapshots };
}

function subjectOf(folder: string, manifest: Manifest): Wish['subject'] {
  const { state, cache, databases } = parseDataDeclaration(manifest.data);
  return { folder, folders: [...new Set([...state, 'evolutions'])], caches: cache, databases };
}

async function programOf(layout: Layout, { treeDigest, version }: Generation): Promise<Wish['program']> {
  const found = await findVersion(layout, treeDigest);
  if (found === null) throw new Failed('state/damaged', `version ${version} is not on this machine any more`);
  const { manifestSha256, floor } = found.record;
  return { folder: found.folder, files: found.manifest.tree.files, manifestSha256, floor };
}
