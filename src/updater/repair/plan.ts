/** What a repair will do about a report: decided before anything is touched, so that a person can read it first. */
import type { Finding, Report } from './finding.ts';

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

/** Plans the repair of everything in a report that can be mended: versions first, since a recovery chooses among them. Pure. */
export function planRepair({ findings }: Report): RepairPlan {
  const digests = new Set(
    findings.flatMap(({ subject, mends }) => (mends !== null && 'treeDigest' in subject ? [subject.treeDigest] : [])),
  );
  const versions = [...digests].map((treeDigest) => stepOf(treeDigest, findings));
  const recover = findings.some(({ mends }) => mends === 'recover') ? [{ kind: 'recover' } as const] : [];
  return { steps: [...versions, ...recover], left: findings.filter(({ mends }) => mends === null) };
}

function stepOf(treeDigest: string, findings: readonly Finding[]): VersionStep {
  const files: string[] = [];
  const extra: string[] = [];
  const modes: string[] = [];
  let isOpen = false;
  let rewrite = false;
  for (const { subject, mends } of findings) {
    if (!('treeDigest' in subject) || subject.treeDigest !== treeDigest) continue;
    if (subject.kind === 'version') {
      isOpen ||= mends === 'permissions';
      rewrite ||= mends === 'rewrite';
    } else if (mends === 'replace') files.push(subject.path);
    else if (mends === 'remove') extra.push(subject.path);
    else if (mends === 'permissions') modes.push(subject.path);
  }
  return { kind: 'version', treeDigest, files, extra, modes, isOpen, rewrite };
}
