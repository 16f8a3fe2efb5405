/** What a person reads of a finding or a plan. Codes are stable, sentences are not. */
import type { Finding, FindingCode, RepairPlan, Subject, VersionStep } from '../../../updater/model/application/health.ts';

const meanings: Readonly<Record<FindingCode, { readonly what: string; readonly next: string }>> = {
  'file/missing': { what: 'is missing', next: 'repair puts it back' },
  'file/extra': { what: 'does not belong there', next: 'repair removes it' },
  'file/damaged': { what: 'is not as it was published', next: 'repair replaces it' },
  'file/mode': { what: 'has other permissions', next: 'repair sets them' },
  'version/missing': { what: 'has no record', next: 'repair writes it again' },
  'version/unvouched': { what: 'cannot be checked: what was signed for it is lost', next: 'update, or go back to another version' },
  'boot-list/wrong': { what: 'would not be checked right at its start', next: 'repair writes its list again' },
  'pointer/damaged': { what: 'does not say what runs', next: 'repair finds it out, and so does the next start' },
  'generation/damaged': { what: 'cannot be read; the history has a gap there', next: 'nothing has to be done' },
  'epoch/missing': { what: 'has no data that can be found', next: 'restore a snapshot: "moult snapshot list"' },
  'data/damaged': { what: 'is damaged', next: 'export what can be read ("moult export"), then restore a snapshot' },
  'data/references': {
    what: 'has rows that name others which are not there',
    next: 'the application may show less than there was; export it to be sure',
  },
  'data/version': { what: 'does not have the data version of its epoch', next: 'restore a snapshot: "moult snapshot list"' },
  'config/invalid': { what: 'is no JSON', next: 'mend it by hand, or remove it: the application then begins with its defaults' },
  'permissions/open': { what: 'can be changed by other users', next: 'repair takes that from them' },
  'snapshot/damaged': { what: 'cannot be restored', next: 'make a new one ("moult snapshot create"), then delete it' },
  'object/damaged': {
    what: 'is lost for the snapshots that name it',
    next: 'make a new snapshot; what still has this content is kept anew',
  },
  'source/damaged': { what: 'does not say where updates come from', next: 'install again over it; versions and data stay' },
  'space/low': { what: 'has little room left', next: 'make room; updates and snapshots would fail' },
  'clock/behind': { what: 'has a wrong clock', next: "set this machine's date" },
};

/** One finding in one line: what it is about, what is wrong, its code, the evidence, and what to do. */
export function findingText({ code, subject, evidence }: Finding): string {
  const { what, next } = meanings[code];
  return `${subjectText(subject)} ${what} (${code}: ${evidence}); ${next}`;
}

/** What a repair would do, step by step, and what it would leave. */
export function planText({ steps, left }: RepairPlan): string {
  if (steps.length === 0 && left.length === 0) return 'Nothing has to be mended.';
  return [
    ...steps.flatMap((step) => (step.kind === 'recover' ? ['Find out what runs, and let the pointer say so.'] : versionLines(step))),
    ...(left.length === 0 ? [] : ['Left for you:', ...left.map((finding) => `  ${findingText(finding)}`)]),
  ].join('\n');
}

function versionLines({ treeDigest, files, extra, modes, isOpen, rewrite }: VersionStep): readonly string[] {
  return [
    `Version ${treeDigest.slice(0, 8)}:`,
    ...files.map((path) => `  put in place   ${path}`),
    ...extra.map((path) => `  remove         ${path}`),
    ...modes.map((path) => `  permissions    ${path}`),
    ...(isOpen ? ['  permissions    its folders'] : []),
    ...(rewrite ? ['  write again    its record or its list'] : []),
  ];
}

function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case 'file':
      return `${subject.path} of version ${subject.treeDigest.slice(0, 8)}`;
    case 'version':
      return `Version ${subject.version}`;
    case 'generation':
      return `The record of generation ${subject.n}`;
    case 'pointer':
      return 'current.json';
    case 'epoch':
      return `Epoch ${subject.epoch}`;
    case 'data':
      return subject.path;
    case 'snapshot':
      return `Snapshot ${subject.id}`;
    case 'object':
      return `A content of ${subject.snapshots.length === 1 ? `snapshot ${subject.snapshots.join('')}` : `${subject.snapshots.length} snapshots`}`;
    case 'machine':
      return 'This machine';
  }
}
