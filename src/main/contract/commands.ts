/**
 * What a user interface may ask for. The parser of a command's input is its type; the answer's type stands beside it in `Answers`.
 *
 * Additive: a command keeps its name, its input and the fields of its answer.
 */
import { z } from 'zod';
import { parseAs } from '../../updater/model/parse.ts';
import type { Note } from './notes.ts';
import { preferenceNameSchema, somePreferencesSchema } from './preferences.ts';
import type {
  CheckAnswer,
  Comparison,
  Exported,
  Health,
  Mended,
  Provenance,
  RollbackAnswer,
  SnapshotRow,
  TelemetryPreview,
} from './views.ts';

const nothing = z.strictObject({});
const generation = z.int().positive();
const version = z.string().max(64);
const id = z.string().max(128);
const path = z
  .string()
  .max(4096)
  .refine((text) => !text.includes('\0'), 'not a path');
const text = z.string().max(1_000_000);

export const commands = {
  'updates/check': nothing,
  /** `hours` counts for 'later' only. 'always' is 'now', and from now on. */
  'updates/decide': z.strictObject({
    version,
    decision: z.enum(['now', 'later', 'skip', 'always']),
    hours: z.union([z.literal(4), z.literal(24), z.literal(72)]).default(24),
  }),
  /** What to do about a version with breaking changes; `understood` is asked for when nothing could be kept aside first. */
  'updates/break': z.strictObject({ version, choice: z.enum(['migrate', 'fresh', 'cancel']), understood: z.boolean().default(false) }),
  'updates/pause': nothing,
  'updates/resume': nothing,
  'updates/cancel': nothing,
  /** When a prepared version is started. */
  'updates/restart': z.strictObject({ when: z.enum(['now', 'quit', 'away', 'not-now']) }),
  /** Takes a version off its hold and tries it once more. */
  'updates/retry': z.strictObject({ version }),
  'banner/dismiss': nothing,
  'notices/close': z.strictObject({ id }),
  'prefs/set': somePreferencesSchema,
  'prefs/reset': z.strictObject({ names: z.array(preferenceNameSchema).min(1).max(100) }),
  'telemetry/preview': nothing,
  /** `path` asks for the lines of one file instead of the list of all. */
  'history/compare': z.strictObject({ from: generation, to: generation, path: path.nullable().default(null) }),
  'history/back': z.strictObject({ generation, data: z.enum(['keep', 'restore']).nullable().default(null) }),
  'snapshots/create': z.strictObject({ note: z.string().max(500).default('') }),
  'snapshots/restore': z.strictObject({ id }),
  'snapshots/delete': z.strictObject({ id }),
  'snapshots/pin': z.strictObject({ id, pinned: z.boolean() }),
  /** Writes the person's data in open formats; null: into a new folder of the instance, which the answer names. */
  'data/export': z.strictObject({ to: path.nullable().default(null) }),
  'notes/list': z.strictObject({ search: z.string().max(1000).default('') }),
  /** `id` null begins a new note. */
  'notes/write': z.strictObject({ id: z.int().positive().nullable(), text }),
  'notes/delete': z.strictObject({ id: z.int().positive() }),
  /** A window says whether leaving it now would lose something, and that somebody is at it. */
  'window/busy': z.strictObject({ isBusy: z.boolean() }),
  'about/verify': nothing,
  /** Looks over everything that this instance relies on, and says what a repair would do. */
  'health/check': nothing,
  /** Mends what can be mended while the application runs, and looks again. */
  'health/repair': nothing,
  'app/quit': nothing,
  /** Shows a window, or brings it to the front: what a second start does. */
  'app/show': nothing,
} as const;

export type CommandName = keyof typeof commands;
/** What a command takes when it arrives; defaults filled in. */
export type Input<Name extends CommandName> = z.output<(typeof commands)[Name]>;
/** What whoever asks has to give. */
export type Question<Name extends CommandName> = z.input<(typeof commands)[Name]>;

/** What each command answers; null where its effect shows in a topic. */
export interface Answers {
  readonly 'updates/check': CheckAnswer;
  readonly 'updates/decide': null;
  readonly 'updates/break': null;
  readonly 'updates/pause': null;
  readonly 'updates/resume': null;
  readonly 'updates/cancel': null;
  readonly 'updates/restart': null;
  readonly 'updates/retry': null;
  readonly 'banner/dismiss': null;
  readonly 'notices/close': null;
  readonly 'prefs/set': null;
  readonly 'prefs/reset': null;
  readonly 'telemetry/preview': TelemetryPreview;
  readonly 'history/compare': Comparison;
  readonly 'history/back': RollbackAnswer;
  readonly 'snapshots/create': SnapshotRow;
  readonly 'snapshots/restore': RollbackAnswer;
  readonly 'snapshots/delete': null;
  readonly 'snapshots/pin': null;
  readonly 'data/export': Exported;
  readonly 'notes/list': readonly Note[];
  readonly 'notes/write': Note;
  readonly 'notes/delete': null;
  readonly 'window/busy': null;
  readonly 'about/verify': Provenance;
  readonly 'health/check': Health;
  readonly 'health/repair': Mended;
  readonly 'app/quit': null;
  readonly 'app/show': null;
}

/** Whether there is a command of this name. */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Returns a command's input, or throws `usage/wrong` with the first wrong field. */
export function parseInput<Name extends CommandName>(name: Name, value: unknown): Input<Name> {
  return parseAs(commands[name], value, { what: name, code: 'usage/wrong' }) as Input<Name>;
}
