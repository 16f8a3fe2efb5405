/** What a user interface may watch. Whoever connects gets the present value of every topic first, then each change. */
import type { UpdateState } from '../../updater/model/application/state.ts';
import type { Preferences, PreferenceName } from './preferences.ts';
import type { About, Banner, Busy, HistoryRow, Notice, OfferView, SnapshotRow } from './views.ts';

export interface Topics {
  readonly update: UpdateState;
  /** The version on offer, or null. It stays while that version is prepared and until it runs. */
  readonly offer: OfferView | null;
  readonly banner: Banner | null;
  /** What the person has yet to be told, newest first. */
  readonly notices: readonly Notice[];
  readonly preferences: { readonly values: Preferences; readonly managed: readonly PreferenceName[]; readonly policyFile: string | null };
  /** Every generation, newest first. */
  readonly history: readonly HistoryRow[];
  readonly snapshots: { readonly rows: readonly SnapshotRow[]; readonly usedBytes: number };
  readonly busy: Busy;
  /** Grows with every change to the notes: a window then asks for its list again. */
  readonly notes: { readonly revision: number };
  readonly about: About;
}

export type TopicName = keyof Topics;

/** In the order in which a new watcher hears them. */
export const topicNames = [
  'about',
  'preferences',
  'update',
  'offer',
  'banner',
  'notices',
  'busy',
  'notes',
  'history',
  'snapshots',
] as const satisfies readonly TopicName[];
