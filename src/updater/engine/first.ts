/**
 * The first installation into an empty root.
 *
 * Order: the source is written, the version is made, its generation is staged, the pointer names it. Until the pointer stands
 * nothing is installed, and asking again goes on from what is there.
 */
import { randomBytes } from 'node:crypto';
import { readableRecord, writeRecord } from '../disk/atomic.ts';
import { currentGeneration } from '../install/generations.ts';
import type { Instance, Layout } from '../install/layout.ts';
import { Failed } from '../model/failure.ts';
import { parseSource, type Generation, type Source } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Remote } from '../download/remote.ts';
import { update } from './engine.ts';
import { thisMachine } from './machine.ts';
import type { UpdateResult } from './process/requests.ts';

/** What a first installation is told: base URLs or folders, how to connect, the root metadata to begin with, product, channel, and a version or null for the newest. */
export interface Beginning extends Pick<Source, 'urls' | 'caFile' | 'pins'> {
  readonly product: string;
  readonly trustedRoot: string;
  readonly channel: string;
  readonly version: string | null;
}

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly remote: Remote;
  readonly now: Date;
}

/**
 * Brings a first version into `place.layout`, up to a staged generation. Asked again the same it goes on, or finds it done; where
 * the source was damaged it is written anew. Throws `usage/wrong` when something else is installed already.
 */
export async function installFirst(beginning: Beginning, place: Place, job: Job): Promise<UpdateResult> {
  const before = await readableRecord(place.layout.source, parseSource);
  const current = await currentGeneration(place.instance);
  if (current !== null && before !== null && !isRepetition(beginning, before, current)) {
    throw new Failed('usage/wrong', `the instance ${place.instance.name} has a version already; update it instead`);
  }
  const source = sourceOf(beginning, before);
  await writeRecord(place.layout.source, source);
  if (current !== null) return { kind: 'staged', current: null, generation: current, done: null, news: null };
  const wish = { to: beginning.version, upTo: 'staged', ruledOut: [], why: 'install' } as const;
  return update(wish, { ...place, source }, job);
}

/** Whether what stands is what this very request, cut off before its answer, has made. */
function isRepetition(beginning: Beginning, source: Source, current: Generation): boolean {
  const { product, channel, urls, trustedRoot } = sourceOf(beginning, source);
  const isSameSource = product === source.product && channel === source.channel && trustedRoot === source.trustedRoot;
  const isSameVersion = current.why === 'install' && (beginning.version ?? current.version) === current.version;
  return isSameSource && isSameVersion && urls.join('\n') === source.urls.join('\n');
}

/** A root keeps the id it has: an installation that was cut off begins again with the same share of rollouts. */
function sourceOf({ product, channel, urls, caFile, pins, trustedRoot }: Beginning, before: Source | null): Source {
  const { platform, arch } = thisMachine();
  const machineId = before?.machineId ?? randomBytes(16).toString('hex');
  return { product, channel, platform, arch, urls, trustedRoot, machineId, caFile, pins };
}
