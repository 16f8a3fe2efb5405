/** What a person may set about updates and the window. Each has one name here, in the command line, and in an administrator's policy file. */
import { z } from 'zod';
import { nameSchema } from '../../updater/model/parse.ts';

/** A time of day on the machine's own clock, `22:30`. */
const timeOfDaySchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'not a time of day such as 22:30');

const preferencesSchema = z.object({
  /** What is installed without asking: everything of low and medium risk, security fixes only, or nothing. */
  autoUpdate: z.enum(['all', 'security', 'ask']),
  channel: nameSchema,
  /** Bytes per second that downloads in the background may take; null for no limit. */
  bandwidth: z.int().min(1024).nullable(),
  metered: z.enum(['ask', 'allow']),
  battery: z.enum(['wait', 'allow']),
  /** Whether a prepared update is applied when nobody has been at the machine for ten minutes. */
  restartWhenAway: z.boolean(),
  /** Between which times of day that may happen; null for any. The first may be later than the second: over midnight. */
  awayBetween: z.object({ from: timeOfDaySchema, to: timeOfDaySchema }).nullable(),
  keepSnapshots: z.int().min(1).max(100),
  keepAbandonedDays: z.int().min(1).max(3650),
  /** Whether a snapshot is made by itself, and how often. */
  scheduledSnapshots: z.enum(['never', 'daily', 'weekly']),
  notifications: z.boolean(),
  /** A proxy's URL; null for what the system says. */
  proxy: z.string().max(2048).nullable(),
  language: z.enum(['system', 'en', 'de', 'ar', 'en-XA']),
  theme: z.enum(['system', 'light', 'dark']),
  /** Whether the check says what is installed here. */
  telemetry: z.boolean(),
});

export type Preferences = Readonly<z.infer<typeof preferencesSchema>>;
export type PreferenceName = keyof Preferences;

/** Any selection of preferences; a name that does not exist is refused. */
export const somePreferencesSchema = preferencesSchema.partial().strict();
export const preferenceNameSchema = preferencesSchema.keyof();

/** What holds where nobody has said anything. */
export const usualPreferences: Preferences = {
  autoUpdate: 'ask',
  channel: 'stable',
  bandwidth: null,
  metered: 'ask',
  battery: 'wait',
  restartWhenAway: true,
  awayBetween: null,
  keepSnapshots: 5,
  keepAbandonedDays: 90,
  scheduledSnapshots: 'never',
  notifications: true,
  proxy: null,
  language: 'system',
  theme: 'system',
  telemetry: false,
};
