/** What a repair will do about a report: decided before anything is touched, so that a person can read it first. */
import type { Finding, RepairPlan, Report, VersionStep } from '../model/application/health.ts';

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
