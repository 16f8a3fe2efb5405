import { planRepair } from '../../../updater/repair/plan.ts';
import type { Finding, RepairStep, Report } from '../../../updater/model/application/health.ts';
import type { Repaired } from '../../../updater/repair/repair.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { placeOf, type Globals } from '../place.ts';
import { megabytes, runCommand, say } from '../terminal.ts';
import { findingText, planText } from './words.ts';

/** `moult health`: everything that this instance relies on, looked over; 4 when something is wrong. Only reads. */
export function health(globals: Globals): Promise<number> {
  return runCommand(globals, async (job) => {
    const report = await globals.ask<'verify'>({ kind: 'verify', ...where(globals) }, job);
    say(globals, { ...report, plan: planRepair(report) }, reportText(report));
    return report.findings.length === 0 ? 0 : 4;
  });
}

/** `moult repair`: mends what can be mended; 4 when something is left that only a person can. With `dryRun` it only says what it would do. */
export function repair(globals: Globals, { dryRun }: { readonly dryRun: boolean }): Promise<number> {
  return runCommand(globals, async (job) => {
    if (dryRun) {
      const report = await globals.ask<'verify'>({ kind: 'verify', ...where(globals) }, job);
      const plan = planRepair(report);
      say(globals, { report, plan }, planText(plan));
      return report.findings.length === 0 ? 0 : 4;
    }
    const underApp = (await findRunning(placeOf(globals).instance)) !== null;
    const repaired = await globals.ask<'repair'>({ kind: 'repair', ...where(globals), underApp }, job);
    say(globals, repaired, repairedText(repaired));
    return (repaired.after ?? repaired.before).findings.length === 0 ? 0 : 4;
  });
}

function where(globals: Globals): { readonly root: string; readonly instance: string } {
  const { layout, instance } = placeOf(globals);
  return { root: layout.root, instance: instance.name };
}

function reportText({ checked, findings }: Report): string {
  const looked = checked.map(({ what, count }) => `${count} ${what}`).join(', ');
  if (findings.length === 0) return `Everything is as it should be.\n  looked at   ${looked}`;
  return [
    `${findings.length} ${findings.length === 1 ? 'thing is' : 'things are'} wrong.`,
    `  looked at   ${looked}`,
    ...linesOf(findings),
    ...(findings.some(({ mends }) => mends !== null)
      ? ['"moult repair" mends what can be mended; "moult repair --dry-run" says first what it would do.']
      : []),
  ].join('\n');
}

/** A tree can have thousands of damaged files: a person reads the first ones, and `--json` has all. */
const mostLines = 40;

function linesOf(findings: readonly Finding[]): readonly string[] {
  const lines = findings.slice(0, mostLines).map((finding) => `  ${findingText(finding)}`);
  return findings.length > mostLines ? [...lines, `  … and ${findings.length - mostLines} more`] : lines;
}

function repairedText({ plan, done, after, before }: Repaired): string {
  if (plan.steps.length === 0 && before.findings.length === 0) return 'Nothing had to be mended.';
  const left = (after ?? before).findings;
  return [
    ...plan.steps.map((step, i) => `  ${outcomeText(step, done[i] ?? null)}`),
    left.length === 0 ? 'Everything is as it should be again.' : `${left.length} left that could not be mended:`,
    ...linesOf(left),
  ].join('\n');
}

function outcomeText(step: RepairStep, done: Repaired['done'][number]): string {
  const what = step.kind === 'recover' ? 'the pointer' : `version ${step.treeDigest.slice(0, 8)}`;
  if (done === null) return `${what}: done`;
  if ('code' in done) return `${what}: ${step.kind === 'recover' ? 'recovered' : 'not mended'} (${done.code}: ${done.detail})`;
  const fetched = done.fetched === 0 ? 'nothing fetched' : `${done.fetched} fetched (${megabytes(done.fetchedBytes)})`;
  return `${what}: mended, ${done.fromHere} contents from this machine, ${fetched}`;
}
