/** One thing that happened to an installation, as the ledger keeps it. */
import { z } from 'zod';
import { failureSchema } from '../../updater/model/generation.ts';

const kinds = ['check', 'download', 'update', 'trial', 'rollback', 'snapshot', 'repair', 'decision', 'preference'] as const;
const statuses = ['running', 'done', 'failed', 'cancelled', 'cut'] as const;

export const eventSchema = z.object({
  id: z.int(),
  kind: z.enum(kinds),
  from: z.string().nullable(),
  to: z.string().nullable(),
  generation: z.int().nullable(),
  snapshot: z.string().nullable(),
  by: z.enum(['user', 'schedule']).nullable(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  status: z.enum(statuses),
  error: failureSchema.nullable(),
  bytes: z.int().nullable(),
  what: z.string().nullable(),
});

/**
 * `from` and `to` are versions (of a preference: its old and new value as JSON), `by` is null where nobody knows any more, times are UTC, `bytes` came
 * over the network, `what` is what was decided, or which preference. `cut`: it was under way when its process ended.
 */
export type LedgerEvent = Readonly<z.infer<typeof eventSchema>>;
export type EventKind = LedgerEvent['kind'];

/** Whatever is known of an event when it begins. */
export type Beginning = Pick<LedgerEvent, 'kind'> & Partial<Pick<LedgerEvent, 'from' | 'to' | 'generation' | 'snapshot' | 'by' | 'what'>>;
/** What became of it. */
export type Outcome = Pick<LedgerEvent, 'status'> & Partial<Pick<LedgerEvent, 'to' | 'generation' | 'snapshot' | 'error' | 'bytes'>>;
