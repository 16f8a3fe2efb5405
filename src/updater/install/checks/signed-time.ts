/** What time it is at least, whatever the clock of this machine says. */
import { readableRecord } from '../../disk/atomic.ts';
import { Failed } from '../../model/failure.ts';
import { parseSource } from '../../model/generation.ts';
import { loadStored } from '../../trust/client.ts';
import type { Layout } from '../layout.ts';
import { floorOf } from '../versions.ts';

/** The newest moment that a believed signer wrote down, by what the last check stored; null when nothing of it is known. Asks nobody. */
export async function signedTime(layout: Layout): Promise<Date | null> {
  const source = await readableRecord(layout.source, parseSource);
  if (source === null) return null;
  const trust = { folder: layout.trust, trustedRoot: Buffer.from(source.trustedRoot), floor: await floorOf(layout), now: null };
  try {
    const { signedAt } = await loadStored(trust);
    return signedAt === null ? null : new Date(signedAt);
  } catch (error) {
    // What was stored is gone or damaged: the next check fetches it anew.
    if (error instanceof Failed) return null;
    throw error;
  }
}
