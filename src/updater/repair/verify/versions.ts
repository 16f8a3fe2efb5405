/** The versions that an instance relies on, against the lists that were signed for them: every file hashed, every mode, link, extra and missing entry. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareTree, type TreeDifference } from '../../disk/scan.ts';
import { isBootListRight } from '../../install/checks/boot-list.ts';
import type { Layout } from '../../install/layout.ts';
import { listVersions } from '../../install/versions.ts';
import { versionName, type Generation } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { FileChange, Finding, FindingCode, Mending } from '../../model/application/health.ts';

/** A generation that an instance relies on, and the manifest that was accepted for its version; null where that is lost. */
export interface Relied {
  readonly generation: Generation;
  readonly manifest: Manifest | null;
}

/** What was found, and how many files were held against their lists. */
export interface Verified {
  readonly files: number;
  readonly versions: number;
  readonly findings: readonly Finding[];
}

/** Verifies the version of each generation, each once. Reports step 'verify' per version. */
export async function verifyVersions(layout: Layout, relied: readonly Relied[], job: Job): Promise<Verified> {
  const named = [...new Map(relied.map((each) => [each.generation.treeDigest, each])).values()];
  const standing = new Set((await listVersions(layout)).map(({ treeDigest }) => treeDigest));
  const all: Verified[] = [];
  for (const each of named) all.push(await verifyVersion(each, { layout, standing }, job));
  return {
    files: all.reduce((sum, { files }) => sum + files, 0),
    versions: all.length,
    findings: all.flatMap(({ findings }) => findings),
  };
}

/** Where versions are, and the trees of those that have a readable record. */
interface Shelf {
  readonly layout: Layout;
  readonly standing: ReadonlySet<string>;
}

async function verifyVersion({ generation, manifest }: Relied, { layout, standing }: Shelf, job: Job): Promise<Verified> {
  const { version, treeDigest } = generation;
  const subject = { kind: 'version', treeDigest, version } as const;
  if (manifest === null) {
    const evidence = `no readable trust/accepted/${treeDigest}.json`;
    return { files: 0, versions: 1, findings: [{ code: 'version/unvouched', subject, evidence, mends: null }] };
  }
  const folder = join(layout.versions, versionName(version, treeDigest));
  const difference = await compareTree(folder, manifest.tree, job);
  const findings: Finding[] = [
    ...(standing.has(treeDigest)
      ? []
      : [{ code: 'version/missing', subject, evidence: 'it has no readable record', mends: 'rewrite' } as const]),
    ...((await isBootListRight(layout, manifest))
      ? []
      : [{ code: 'boot-list/wrong', subject, evidence: 'not as the manifest says', mends: 'rewrite' } as const]),
    ...openFolders(folder, manifest),
    ...filesOf(treeDigest, difference),
  ];
  return { files: manifest.tree.files.length, versions: 1, findings };
}

const codes: Readonly<Record<FileChange, readonly [FindingCode, Mending]>> = {
  missing: ['file/missing', 'replace'],
  extra: ['file/extra', 'remove'],
  bytes: ['file/damaged', 'replace'],
  size: ['file/damaged', 'replace'],
  kind: ['file/damaged', 'replace'],
  link: ['file/damaged', 'replace'],
  mode: ['file/mode', 'permissions'],
};

function filesOf(treeDigest: string, { missing, extra, changed }: TreeDifference): readonly Finding[] {
  const entries = [
    ...missing.map((path) => ({ path, why: 'missing' as const })),
    ...extra.map((path) => ({ path, why: 'extra' as const })),
    ...changed,
  ];
  return entries.map(({ path, why }) => {
    const [code, mends] = codes[why];
    return { code, subject: { kind: 'file', treeDigest, path, change: why }, evidence: why, mends };
  });
}

/** Folders that others may write to: what runs from there could be exchanged by them. */
function openFolders(folder: string, { tree, version }: Manifest): readonly Finding[] {
  if (process.platform === 'win32') return [];
  const open = foldersOf(tree.files.map(({ path }) => path)).filter(
    (path) => ((lstatSync(join(folder, path), { throwIfNoEntry: false })?.mode ?? 0) & 0o022) !== 0,
  );
  if (open.length === 0) return [];
  const subject = { kind: 'version', treeDigest: tree.digest, version } as const;
  return [{ code: 'permissions/open', subject, evidence: `others may write to ${open.slice(0, 5).join(', ')}`, mends: 'permissions' }];
}

/** Every folder that these paths lie in, the outermost first. */
export function foldersOf(paths: readonly string[]): readonly string[] {
  return ['.', ...new Set(paths.flatMap(parentsOf))].toSorted((a, b) => a.length - b.length);
}

function parentsOf(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, i) => names.slice(0, i + 1).join('/'));
}
