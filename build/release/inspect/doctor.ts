import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../src/updater/disk/atomic.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import type { KeyRole } from '../metadata/keys.ts';
import { readExpiries } from '../metadata/publish.ts';
import { readDocuments, targetOf, type Documents } from '../publish/published.ts';
import { listStaged, manifestName, readManifest } from '../publish/staging.ts';

const dayMs = 86_400_000;
/** From how many days before its end a signature is worth a warning: time enough to reach the keys that have to be fetched from a safe. */
const warnDays: Readonly<Record<KeyRole, number>> = { root: 90, targets: 42, channels: 14, snapshot: 14, timestamp: 3 };
/** What no signed metadata names is kept so long: a client may just be fetching it, and a build may wait for its publication. */
const keptDays = 30;

/** Something that needs care: an error means that clients fail now, a warning that they will. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly what: string;
  readonly todo: string;
}

/** How a repository is: until when it is signed (UTC, by role), what needs care, bytes by kind of file, and what is not published. */
export interface Report {
  readonly expires: Readonly<Record<KeyRole, string>>;
  readonly findings: readonly Finding[];
  readonly bytes: Readonly<Record<string, number>>;
  readonly waiting: readonly string[];
  readonly unpublished: { readonly files: number; readonly bytes: number; readonly old: readonly string[] };
}

/** Looks after a repository's folder; reads names and sizes, not every byte (that is `verify`). Throws `usage/wrong`, `state/damaged`. */
export async function examineRepository(repo: string, now: Date): Promise<Report> {
  const documents = await readDocuments(repo);
  const expires = await readExpiries(repo);
  const { manifests, findings } = await readManifests(repo, documents);
  const staged = await listStaged(repo);
  const waiting = await Promise.all(staged.map((each) => readManifest(repo, each)));
  const files = await filesOf(repo);
  const named = new Set([...manifests, ...waiting].flatMap(filesNamedBy));
  for (const list of documents.lists.values()) for (const { manifest } of list.releases) named.add(manifestName(manifest.sha256));
  for (const { manifest } of staged) named.add(manifestName(manifest.sha256));
  const unpublished = [...files].filter(([name]) => isTrustedByDigest(name) && !named.has(name));
  const old = unpublished.filter(([, { changedAt }]) => now.getTime() - changedAt > keptDays * dayMs);
  return {
    expires,
    findings: [...expiryFindings(expires, now), ...findings, ...manifests.flatMap((manifest) => missing(manifest, files))],
    bytes: bytesByKind(files),
    waiting: staged.map((each) => `${each.version} ${targetOf(each)}`),
    unpublished: {
      files: unpublished.length,
      bytes: unpublished.reduce((sum, [, { size }]) => sum + size, 0),
      old: old.map(([name]) => name),
    },
  };
}

/** What ends within its time of warning, the most urgent first. */
export function expiryFindings(expires: Readonly<Record<KeyRole, string>>, now: Date): readonly Finding[] {
  const roles = (['timestamp', 'snapshot', 'channels', 'targets', 'root'] as const).map((role) => {
    const days = Math.floor((Date.parse(expires[role]) - now.getTime()) / dayMs);
    return { role, days, isOver: Date.parse(expires[role]) <= now.getTime() };
  });
  return roles
    .filter(({ role, days, isOver }) => isOver || days < warnDays[role])
    .toSorted((a, b) => a.days - b.days)
    .map(({ role, days, isOver }) => ({
      level: isOver ? 'error' : 'warning',
      what: isOver ? `${role} expired at ${expires[role]}` : `${role} expires in ${days} days, at ${expires[role]}`,
      todo: renewal[role],
    }));
}

const renewal: Readonly<Record<KeyRole, string>> = {
  timestamp: 'run "moult-release timestamp" daily',
  snapshot: 'run "moult-release timestamp" with the snapshot key',
  channels: 'run "moult-release timestamp" with the channels key',
  targets: 'publish a release, or renew the role, with the release key',
  root: 'sign the next root with the root keys',
};

async function readManifests(
  repo: string,
  { lists }: Documents,
): Promise<{ manifests: readonly Manifest[]; findings: readonly Finding[] }> {
  const manifests: Manifest[] = [];
  const findings: Finding[] = [];
  for (const entry of [...lists.values()].flatMap(({ releases }) => releases)) {
    try {
      manifests.push(await readManifest(repo, entry));
    } catch (error) {
      findings.push({ level: 'error', what: failureOf(error).detail, todo: 'restore it from a copy of the repository' });
    }
  }
  return { manifests, findings };
}

interface FileInfo {
  readonly size: number;
  readonly changedAt: number;
}

function filesNamedBy({ full, patches }: Manifest): readonly string[] {
  return [full.url, ...patches.map(({ url }) => url)];
}

function missing({ version, full, patches }: Manifest, files: ReadonlyMap<string, FileInfo>): readonly Finding[] {
  return [full, ...patches].flatMap(({ url, size }): Finding[] => {
    const found = files.get(url)?.size;
    if (found === size) return [];
    const what = found === undefined ? `${url} of ${version} is missing` : `${url} of ${version} has ${found} bytes instead of ${size}`;
    return [{ level: 'error', what, todo: 'restore it from a copy of the repository' }];
  });
}

function isTrustedByDigest(name: string): boolean {
  return /^(manifests|packages|patches)\//.test(name);
}

function bytesByKind(files: ReadonlyMap<string, FileInfo>): Readonly<Record<string, number>> {
  const bytes: Record<string, number> = {};
  for (const [name, { size }] of files) {
    const [kind = ''] = name.split('/');
    bytes[kind] = (bytes[kind] ?? 0) + size;
  }
  return bytes;
}

/** Sizes and times of all files, by their names with plain slashes; what `staging/` holds is nobody's. */
async function filesOf(repo: string): Promise<ReadonlyMap<string, FileInfo>> {
  const files = new Map<string, FileInfo>();
  for (const kind of ['metadata', 'targets', 'manifests', 'packages', 'patches', 'evolutions']) {
    const entries = await readdir(join(repo, kind), { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return []; // Normal: no patch was made yet, no evolution published.
      throw error;
    });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(path);
      files.set(path.slice(repo.length + 1).replaceAll('\\', '/'), { size, changedAt: mtimeMs });
    }
  }
  return files;
}
