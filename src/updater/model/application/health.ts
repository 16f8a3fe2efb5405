/** What is wrong with an installation, as data: a code, what it is about, the evidence, and whether `repair` can mend it. */

/** The closed list; `docs/repair.md` says for each what it means and what to do. */
export type FindingCode =
  | 'file/missing'
  | 'file/extra'
  | 'file/damaged'
  | 'file/mode'
  | 'version/missing'
  | 'version/unvouched'
  | 'boot-list/wrong'
  | 'pointer/damaged'
  | 'generation/damaged'
  | 'epoch/missing'
  | 'data/damaged'
  | 'data/references'
  | 'data/version'
  | 'config/invalid'
  | 'permissions/open'
  | 'snapshot/damaged'
  | 'object/damaged'
  | 'source/damaged'
  | 'space/low'
  | 'clock/behind';

/** How an entry of a version differs from its signed list: it is not there, or should not be; its content, length, permissions, link target or kind. */
export type FileChange = 'missing' | 'extra' | 'bytes' | 'size' | 'mode' | 'link' | 'kind';

/** What a finding is about, precisely enough to mend it. Paths are relative to the version or to the epoch. */
export type Subject =
  | { readonly kind: 'file'; readonly treeDigest: string; readonly path: string; readonly change: FileChange }
  | { readonly kind: 'version'; readonly treeDigest: string; readonly version: string }
  | { readonly kind: 'generation'; readonly n: number }
  | { readonly kind: 'pointer' }
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'data'; readonly epoch: number; readonly path: string }
  | { readonly kind: 'snapshot'; readonly id: string }
  | { readonly kind: 'object'; readonly sha256: string; readonly snapshots: readonly string[] }
  | { readonly kind: 'machine' };

/** `mends` is how `repair` would mend it: null where it cannot, and a person has to. */
export interface Finding {
  readonly code: FindingCode;
  readonly subject: Subject;
  readonly evidence: string;
  readonly mends: Mending | null;
}

/** The ways to mend: put the published file in place, take away what does not belong, set permissions, write what follows from signed or other records. */
export type Mending = 'replace' | 'remove' | 'permissions' | 'rewrite' | 'recover';

/** One thing that was looked at, with how much of it; `findings` that are about it carry its name as the first word of their code. */
export interface Checked {
  readonly what: 'files' | 'versions' | 'records' | 'data' | 'config' | 'snapshots' | 'machine';
  readonly count: number;
}

/** The state of one instance and of what it shares with others, at `checkedAt` (UTC). */
export interface Report {
  readonly checkedAt: string;
  readonly checked: readonly Checked[];
  readonly findings: readonly Finding[];
}

/** Everything that is done to one version. `files` are to be put in place, `extra` taken away, `modes` set right; `rewrite`: its record or the launcher's list. */
export interface VersionStep {
  readonly kind: 'version';
  readonly treeDigest: string;
  readonly files: readonly string[];
  readonly extra: readonly string[];
  readonly modes: readonly string[];
  readonly isOpen: boolean;
  readonly rewrite: boolean;
}

/** Or: let the pointer name a generation again that can run. */
export type RepairStep = VersionStep | { readonly kind: 'recover' };

/** The steps in their order, and what no step mends: a person has to know of it. */
export interface RepairPlan {
  readonly steps: readonly RepairStep[];
  readonly left: readonly Finding[];
}
