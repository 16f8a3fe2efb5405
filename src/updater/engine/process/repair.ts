/** Looking at an installation and mending it, in the engine's process. Looking holds no lock, so that it works where nothing may be written. */
import { readRecord } from '../../disk/atomic.ts';
import { takeLock } from '../../disk/lock.ts';
import { openRemote } from '../../download/remote.ts';
import type { Instance, Layout } from '../../install/layout.ts';
import { Failed } from '../../model/failure.ts';
import { parseSource } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import type { Report } from '../../model/application/health.ts';
import type { FetchContents } from '../../repair/mend.ts';
import { repair, type Repaired } from '../../repair/repair.ts';
import { verifyInstance } from '../../repair/verify.ts';
import { updaterVersion } from '../machine.ts';
import type { RequestOf } from './requests.ts';
import { fetchContents } from '../obtain.ts';

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly waitMs: number;
}

/** Looks at everything that an instance relies on. */
export async function serveVerify(place: Omit<Place, 'waitMs'>, job: Job): Promise<Report> {
  return verifyInstance({ ...place, now: new Date() }, job);
}

/** Mends what can be mended, and asks the publisher only for what is nowhere on this machine. Beside a running application the pointer is left alone. */
export async function serveRepair({ underApp = false }: RequestOf<'repair'>, place: Place, job: Job): Promise<Repaired> {
  await using _ = underApp ? null : await takeLock(place.instance.lock, place, job);
  // Where source.json itself is damaged there is nobody to ask; what is here may be enough.
  const source = await readRecord(place.layout.source, parseSource).catch(() => null);
  const fetch: FetchContents = async (lacking) => {
    if (source === null) throw new Failed('fetch/offline', 'source.json does not say whom to ask');
    const { urls, pins, caFile } = source;
    await using remote = openRemote({ urls, pins, userAgent: `moult/${updaterVersion}`, ...(caFile === null ? {} : { caFile }) });
    return await fetchContents(lacking, { layout: place.layout, remote }, job);
  };
  return await repair({ ...place, now: new Date(), mayRecover: !underApp, fetch }, job);
}
