/**
 * `instances/<name>/keeping.json`: how much of the past this instance keeps. Whoever tidies up obeys it, a supervisor as well, so it
 * is a record beside the snapshots and not a word of whoever asks. It may be lost: then the usual numbers hold. Atomic.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../../../disk/atomic.ts';
import { snapshotLimits } from '../../../model/application/snapshot.ts';
import { parseAs } from '../../../model/parse.ts';
import type { Instance } from '../../layout.ts';

const keepingSchema = z.object({ snapshots: z.int().positive(), abandonedDays: z.int().positive() });

/** How many automatic snapshots stay, and for how many days what a failed trial left behind. */
export type Keeping = Readonly<z.infer<typeof keepingSchema>>;

/** Reads what is to be kept. */
export async function readKeeping(instance: Instance): Promise<Keeping> {
  const record = await readableRecord(pathOf(instance), (value) =>
    parseAs(keepingSchema, value, { what: 'keeping.json', code: 'state/damaged' }),
  );
  return record ?? { snapshots: snapshotLimits.keep, abandonedDays: snapshotLimits.abandonedDays };
}

/** Writes what is to be kept, unless the record says so already. */
export async function writeKeeping(instance: Instance, keeping: Keeping): Promise<void> {
  const { snapshots, abandonedDays } = await readKeeping(instance);
  if (snapshots !== keeping.snapshots || abandonedDays !== keeping.abandonedDays) await writeRecord(pathOf(instance), keeping);
}

function pathOf({ folder }: Instance): string {
  return join(folder, 'keeping.json');
}
