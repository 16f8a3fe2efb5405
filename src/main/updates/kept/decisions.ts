/**
 * What a person decided about updates, and what has to be remembered to put it to them rightly: `<instance>/decisions.json`.
 *
 * Written whole at every change. A lost or damaged file costs a question that is asked again, nothing else.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../../../updater/disk/atomic.ts';
import type { Instance } from '../../../updater/install/layout.ts';
import { parseAs, timeSchema, versionSchema } from '../../../updater/model/parse.ts';
import { levels } from '../decide/level.ts';
import type { Answer } from '../decide/policy.ts';

const mostSkipped = 20;
const levelSchema = z.enum(levels);

const decisionsSchema = z.object({
  behind: z.object({ running: versionSchema, since: timeSchema, highSince: timeSchema.nullable(), isCritical: z.boolean() }).nullable(),
  level: levelSchema.nullable(),
  skipped: z.array(versionSchema).max(mostSkipped),
  now: versionSchema.nullable(),
  later: z.object({ version: versionSchema, until: timeSchema }).nullable(),
  choice: z.object({ version: versionSchema, data: z.enum(['migrate', 'fresh']) }).nullable(),
  dismissed: z.object({ level: levelSchema, until: timeSchema }).nullable(),
  trouble: z.object({ version: versionSchema, attempts: z.int().positive(), retryAt: timeSchema.nullable() }).nullable(),
  silentSince: timeSchema.nullable(),
  modalAt: timeSchema.nullable(),
  toldTrial: z.int().nonnegative(),
  ran: versionSchema.nullable(),
});

/**
 * `behind`: since when anything newer than `running` is known, and holes of high or critical severity in it; `level`: the last one shown under a clock
 * that could be trusted; `now`, `later`, `skipped`, `choice`: what the person said about versions; `trouble`: failures in a row;
 * `silentSince`: when checks began to fail; `modalAt`: when a dialog last came by itself; `toldTrial`: the last failed generation that was
 * told and closed; `ran`: the version that ran last.
 */
export type Decisions = Readonly<z.infer<typeof decisionsSchema>>;

export const noDecisions: Decisions = {
  behind: null,
  level: null,
  skipped: [],
  now: null,
  later: null,
  choice: null,
  dismissed: null,
  trouble: null,
  silentSince: null,
  modalAt: null,
  toldTrial: 0,
  ran: null,
};

/** Reads what was decided; nothing where that cannot be read. */
export async function readDecisions(instance: Instance): Promise<Decisions> {
  const parse = (value: unknown): Decisions => parseAs(decisionsSchema, value, { what: 'decisions.json', code: 'state/damaged' });
  return (await readableRecord(pathOf(instance), parse)) ?? noDecisions;
}

/** Writes what was decided. Atomic. */
export async function writeDecisions(instance: Instance, decisions: Decisions): Promise<void> {
  await writeRecord(pathOf(instance), decisions);
}

/** What was said about a version. */
export function answerTo(version: string, { now, later, skipped }: Decisions): Answer {
  if (now === version) return { kind: 'now' };
  if (later?.version === version) return { kind: 'later', until: later.until };
  return skipped.includes(version) ? { kind: 'skipped' } : { kind: 'none' };
}

/** The same decisions with another word about a version; it takes the place of what was said about it before. */
export function withAnswer(decisions: Decisions, version: string, answer: Answer): Decisions {
  const skipped = decisions.skipped.filter((each) => each !== version);
  const rest = { ...decisions, now: null, later: null, skipped, dismissed: null };
  switch (answer.kind) {
    case 'none':
      return rest;
    case 'now':
      return { ...rest, now: version };
    case 'later':
      return { ...rest, later: { version, until: answer.until } };
    case 'skipped':
      return { ...rest, skipped: [...skipped, version].slice(-mostSkipped) };
  }
}

function pathOf(instance: Instance): string {
  return join(instance.folder, 'decisions.json');
}
