/** What the engine's process can be asked for, and what it answers: plain data, parsed on arrival. */
import { z } from 'zod';
import type { DataCost } from '../../install/epoch/aside/estimate.ts';
import { failureSchema, type Generation } from '../../model/generation.ts';
import type { Snapshot } from '../../model/application/snapshot.ts';
import { progressSchema, type Step } from '../../model/job.ts';
import { parseAs } from '../../model/parse.ts';
import type { Report } from '../../model/application/health.ts';
import type { Repaired } from '../../repair/repair.ts';
import type { Passed } from '../../trust/choose.ts';
import type { Recalled } from '../../install/checks/way-back.ts';
import type { Dated } from '../check.ts';
import type { About } from './about.ts';
import type { Made } from '../make.ts';
import type { Effect, Plan } from '../plan.ts';

/** `now` is the time of whoever asks; without it the process has its own. */
const where = { root: z.string(), instance: z.string(), waitMs: z.int().nonnegative().optional(), now: z.iso.datetime().optional() };

/** Asked by the application that runs here, whose supervisor holds the instance: only what can be done beside it is done. */
const underApp = { underApp: z.boolean().optional() };

/** Another channel than the installed one; another proxy than the environment's (null: that one). */
const asking = { channel: z.string().optional(), proxy: z.string().nullable().optional() };

/** Whether it made itself, and how many of those stay this time (else as many as the instance keeps). */
const automatic = { as: z.enum(['manual', 'scheduled']).optional(), keep: z.int().positive().optional() };

const snapshotWishSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('create'), note: z.string(), program: z.boolean(), rehash: z.boolean(), ...automatic }),
  z.object({ kind: z.literal('pin'), id: z.string(), pinned: z.boolean() }),
  z.object({ kind: z.literal('delete'), id: z.string() }),
  z.object({ kind: z.literal('restore'), id: z.string() }),
]);

const requestSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('install'),
    ...where,
    /** One place or several, in the order in which they are asked. */
    from: z.union([z.string(), z.array(z.string())]),
    caFile: z.string().nullable().optional(),
    pins: z.array(z.string()).optional(),
    trustedRoot: z.string(),
    product: z.string(),
    channel: z.string(),
    version: z.string().nullable(),
  }),
  /** What is offered, by the records alone: nothing is hashed and nothing changed. Answered like an update that stops at its plan. */
  z.object({
    kind: z.literal('check'),
    ...where,
    ...asking,
    /** Nobody waits for it: the server is asked first whether now is a good time, and told this besides what it will see anyway. */
    unhurried: z.object({ says: z.record(z.string(), z.unknown()) }).optional(),
  }),
  z.object({
    kind: z.literal('update'),
    ...where,
    ...asking,
    /** At low priority, and with no more bytes per second than this (null: no limit). */
    background: z.object({ bytesPerSecond: z.int().positive().nullable() }).optional(),
    /** What the new version's data begins as: a migrated clone of the present data, or nothing. */
    data: z.enum(['clone', 'fresh']).optional(),
    /** The person has read what breaks and decided; without that a release that breaks something is only planned. */
    acceptBreaking: z.boolean().optional(),
    from: z.string().nullable(),
    /** Take what has expired, from a folder only. */
    acceptStale: z.boolean().optional(),
    to: z.string().nullable(),
    dryRun: z.boolean(),
    withoutPatches: z.boolean(),
  }),
  /** Takes back that an update waits for the next start. */
  z.object({ kind: z.literal('unstage'), ...where }),
  z.object({ kind: z.literal('switch'), ...where }),
  z.object({
    kind: z.literal('rollback'),
    ...where,
    to: z.string().nullable(),
    data: z.enum(['keep', 'restore']).optional(),
    ...underApp,
  }),
  z.object({ kind: z.literal('snapshot'), ...where, ...underApp, wish: snapshotWishSchema }),
  z.object({ kind: z.literal('verify'), ...where }),
  z.object({ kind: z.literal('repair'), ...where, ...underApp }),
]);

const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), progress: progressSchema }),
  z.object({ kind: z.literal('done'), result: z.unknown() }),
  z.object({ kind: z.literal('failed'), failure: failureSchema, retryAfterMs: z.number().nonnegative().nullable() }),
]);

export type Request = Readonly<z.infer<typeof requestSchema>>;
export type RequestOf<Kind extends Request['kind']> = Extract<Request, { kind: Kind }>;
export type Message = Readonly<z.infer<typeof messageSchema>>;

/** The answer to an update: nothing newer, a plan that was only asked for, or a generation that waits for the next start. `current` is null before the first install. */
export type UpdateResult =
  | { readonly kind: 'none'; readonly current: string | null; readonly passed: readonly Passed[]; readonly news: News }
  | {
      readonly kind: 'planned';
      readonly current: string | null;
      readonly version: string;
      readonly plan: Plan;
      readonly effect: Effect;
      readonly about: About;
      readonly dataCost: DataCost | null;
      readonly passed: readonly Passed[];
      readonly news: News;
    }
  | {
      readonly kind: 'staged';
      readonly current: string | null;
      readonly generation: Generation;
      readonly done: Done | null;
      /** Null when nobody had to be asked. */
      readonly news: News | null;
    };

/** What a check says besides: how old its information is, and, when the running version was withdrawn, why and where to go. */
export interface News extends Dated {
  readonly recalled: Recalled | null;
}

/** What an update took: the plan that worked, the routes that failed before it, bytes over the wire, and milliseconds per step. */
export interface Done extends Made {
  readonly wireBytes: number;
  readonly milliseconds: Readonly<Partial<Record<Step, number>>>;
}

export interface Results {
  readonly install: { readonly generation: Generation; readonly done: Done | null };
  readonly check: UpdateResult;
  readonly update: UpdateResult;
  readonly unstage: { readonly version: string | null };
  readonly switch: { readonly generation: Generation };
  readonly rollback: { readonly generation: Generation };
  readonly snapshot: SnapshotResult;
  readonly verify: Report;
  readonly repair: Repaired;
}

/** What became of a snapshot, and the ids of those that went: `before` is what a restore found, kept as a snapshot itself. */
export type SnapshotResult =
  | { readonly did: 'create' | 'pin'; readonly snapshot: Snapshot; readonly removed: readonly string[] }
  | { readonly did: 'delete'; readonly removed: readonly string[] }
  | { readonly did: 'restore'; readonly snapshot: Snapshot; readonly generation: Generation; readonly before: Snapshot };

/** Returns a request; throws `bug/unexpected`, since only our own processes send them. */
export function parseRequest(value: unknown): Request {
  return parseAs(requestSchema, value, { what: 'request', code: 'bug/unexpected' });
}

/** Returns a message of the engine's process; throws `bug/unexpected`. */
export function parseMessage(value: unknown): Message {
  return parseAs(messageSchema, value, { what: 'message', code: 'bug/unexpected' });
}

/** Returns a request's result: what `serve` returned for it, as it was cloned across two processes of one version. */
export function parseResult<Kind extends Request['kind']>(_answered: RequestOf<Kind>, value: unknown): Results[Kind] {
  return value as Results[Kind];
}
