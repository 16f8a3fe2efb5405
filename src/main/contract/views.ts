/** What topics and answers show: codes, numbers and times (UTC), never a sentence of ours; a window finds the words. */
import type { Failure } from '../../updater/model/failure.ts';
import type { Generation, Reason } from '../../updater/model/generation.ts';
import type { Manifest } from '../../updater/model/manifest.ts';
import type { RepairPlan, Report } from '../../updater/model/application/health.ts';
import type { SnapshotKind } from '../../updater/model/application/snapshot.ts';

/** Which of the levels of urgency a version on offer has reached. */
export type Level = 'subtle' | 'yellow' | 'orange' | 'red';

/** The version on offer, as the prompt shows it. */
export interface OfferView {
  readonly version: string;
  readonly from: string;
  readonly type: Manifest['type'];
  readonly severity: Manifest['severity'];
  readonly risk: Manifest['risk'];
  readonly publishedAt: string;
  /** Days since any newer version than the running one was first seen. */
  readonly ageDays: number;
  /** Markdown by language; at most 64 KiB each. */
  readonly notes: Readonly<Record<string, string>>;
  /** How many changes of each kind there are. */
  readonly changes: { readonly security: number; readonly fixes: number; readonly features: number };
  readonly bytesToFetch: number;
  readonly route: 'present' | 'direct' | 'two' | 'full';
  /** About how long it takes to fetch and build, and how long the person waits at the restart. */
  readonly seconds: { readonly prepare: number; readonly restart: number };
  readonly needsRestart: boolean;
  /** Why only a decision of the person goes on: what breaks (empty where nothing does), the data it is about, and what may be chosen. */
  readonly breaking: {
    readonly changes: readonly string[];
    readonly dataBytes: number;
    readonly canMigrate: boolean;
    readonly canSnapshot: boolean;
    readonly choice: 'migrate' | 'fresh' | null;
  } | null;
  readonly dataMigration: { readonly from: number; readonly to: number } | null;
  readonly canBeUndone: boolean;
  readonly canBeSkipped: boolean;
  /** What the person said: nothing yet, not before a time, or never this one. */
  readonly decision: { readonly kind: 'none' } | { readonly kind: 'later'; readonly until: string } | { readonly kind: 'skipped' };
  /** Why an automatic update asks all the same, or waits: a code of the policy. */
  readonly waits: string | null;
}

/** The one line above every page. `canDismiss` is false at red; `isModal` says that a dialog is due now. */
export type Banner =
  | {
      readonly kind: 'offer';
      readonly level: Level;
      readonly version: string;
      readonly ageDays: number;
      readonly bytesToFetch: number;
      readonly securityFixes: number;
      readonly canDismiss: boolean;
      readonly isModal: boolean;
    }
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'managed'; readonly version: string; readonly by: string }
  | { readonly kind: 'recalled'; readonly version: string; readonly back: string | null };

/** Something that happened and is to be told once. */
export type Notice =
  | {
      readonly kind: 'updated';
      readonly id: string;
      readonly at: string;
      readonly version: string;
      readonly from: string;
      readonly notes: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'failed';
      readonly id: string;
      readonly at: string;
      readonly version: string | null;
      readonly failure: Failure;
      /** How often in a row, and when it is tried again by itself. */
      readonly attempts: number;
      readonly nextTry: string | null;
    }
  | {
      readonly kind: 'taken-back';
      readonly id: string;
      readonly at: string;
      readonly version: string;
      readonly running: string;
      readonly failure: Failure;
      /** Whether data was written in it that is kept aside. */
      readonly hasData: boolean;
    }
  | { readonly kind: 'ledger-rebuilt'; readonly id: string; readonly at: string; readonly setAside: string };

/** One generation. `by` is null where the ledger does not know any more. */
export interface HistoryRow {
  readonly generation: number;
  readonly version: string;
  readonly state: Generation['state'];
  readonly why: Reason;
  readonly createdAt: string;
  readonly isRunning: boolean;
  /** Whether its version is on this machine, so that going back fetches nothing. */
  readonly isHere: boolean;
  readonly by: 'user' | 'schedule' | null;
  readonly wireBytes: number | null;
  readonly failure: Failure | null;
}

export interface SnapshotRow {
  readonly id: string;
  readonly createdAt: string;
  readonly kind: SnapshotKind;
  readonly note: string;
  readonly pinned: boolean;
  readonly version: string;
  readonly generation: number;
  readonly bytes: number;
  /** Whether its version is on this machine; a restore needs it. */
  readonly isHere: boolean;
}

/** Why a restart would lose something now, and whether somebody is at the machine. */
export interface Busy {
  readonly reasons: readonly ('unsaved' | 'job')[];
}

/** What runs, where, and what self-update can do here. */
export interface About {
  readonly product: string;
  readonly version: string;
  readonly channel: string;
  readonly instance: string;
  readonly root: string;
  readonly host: 'electron' | 'browser' | 'headless';
  readonly generation: number;
  readonly isSafe: boolean;
  readonly ability: { readonly kind: 'full' | 'app-only' | 'inform-only' | 'blocked'; readonly why: string };
  readonly lastCheck: { readonly at: string; readonly failure: Failure | null } | null;
  readonly nextCheck: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** The answer to whoever asked; everybody else sees the topics change. */
export type CheckAnswer =
  | { readonly kind: 'none'; readonly version: string }
  | { readonly kind: 'available'; readonly version: string }
  | { readonly kind: 'stale'; readonly since: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface Comparison {
  readonly from: string;
  readonly to: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly notes: Readonly<Record<string, string>>;
  /** The unified diff of the file that was asked for; null when none was, or when it is no text. */
  readonly text: string | null;
}

/** Either it is prepared, and starts at the next start, or somebody has to decide about data that the older version cannot read. */
export type RollbackAnswer =
  | { readonly kind: 'staged'; readonly version: string; readonly generation: number }
  | { readonly kind: 'data'; readonly version: string; readonly detail: string };

export interface Exported {
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** What a check would say about this installation if telemetry were on: exactly these fields. */
export interface TelemetryPreview {
  readonly sent: Readonly<Record<string, unknown>>;
}

/** What the running version is, checked anew: every file was hashed for this answer. */
export interface Provenance {
  readonly version: string;
  readonly treeDigest: string;
  readonly manifestSha256: string;
  readonly revision: string;
  readonly source: string;
  readonly builtAt: string;
  readonly builder: string;
  readonly keyIds: readonly string[];
  readonly files: number;
  readonly damaged: readonly string[];
  readonly checkedAt: string;
}

/** What was found, and what a repair would do about it: nothing of it was done. */
export interface Health {
  readonly report: Report;
  readonly plan: RepairPlan;
}

/** What a repair did: the look after it, and what it fetched for it; `failures` are those of steps that could not be taken. */
export interface Mended {
  readonly report: Report;
  readonly fromHere: number;
  readonly fetched: number;
  readonly fetchedBytes: number;
  readonly failures: readonly Failure[];
}
