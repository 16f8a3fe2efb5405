/**
 * The first installation into an empty root.
 *
 * Order: the source is written, the version is made, its generation is staged, the pointer names it. Until the pointer stands
 * nothing is installed, and asking again goes on from what is there.
 */
import { randomBytes } from 'node:crypto';
import { readRecord, writeRecord } from '../disk/atomic.ts';
import { currentGeneration } from '../install/generations.ts';
import type { Instance, Layout } from '../install/layout.ts';
import { Failed } from '../model/failure.ts';
import { parseSource, type Source } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Remote } from '../download/remote.ts';
import { update } from './engine.ts';
import { thisMachine } from './machine.ts';
import type { UpdateResult } from './process/requests.ts';

/** What a first installation is told: base URLs or folders, the root metadata to begin with, product, channel, and a version or null for the newest. */
export interface Beginning {
  readonly product: string;
  readonly from: string;
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

/** Brings a first version into `place.layout`, up to a staged generation. Throws `usage/wrong` when something is installed already. */
export async function installFirst(beginning: Beginning, place: Place, job: Job): Promise<UpdateResult> {
  if ((await currentGeneration(place.instance)) !== null) {
    throw new Failed('usage/wrong', `the instance ${place.instance.name} has a version already; update it instead`);
  }
  const source = await beginSource(beginning, place.layout);
  const wish = { to: beginning.version, dryRun: false, ruledOut: [], why: 'install' } as const;
  return update(wish, { ...place, source }, job);
}

/** A root keeps the id it has: an installation that was cut off begins again with the same share of rollouts. */
async function beginSource(beginning: Beginning, layout: Layout): Promise<Source> {
  const before = await readRecord(layout.source, parseSource);
  const { platform, arch } = thisMachine();
  const source: Source = {
    product: beginning.product,
    channel: beginning.channel,
    platform,
    arch,
    urls: [beginning.from],
    trustedRoot: beginning.trustedRoot,
    machineId: before?.machineId ?? randomBytes(16).toString('hex'),
  };
  await writeRecord(layout.source, source);
  return source;
}
