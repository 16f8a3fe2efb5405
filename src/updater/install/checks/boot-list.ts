/**
 * `versions/<v>-<digest8>.boot`: what the launcher needs to know of a version before any of its code runs. Boot contract v1.
 *
 *   # moult boot list 1
 *   # entry <program>             what is started; `# no entry` where the tree is content
 *   # engine <program>            what takes the words of the `moult` command; `# no engine` where the tree carries none
 *   # argument <text>             the entry's arguments in their order; a backslash is `\\`, a control character `\0` and its octal digits
 *   <sha256>  <path>              as `sha256sum -c` reads it: the files that run first
 *   # <n> files
 *
 * It is written before the version's record and follows from the signed manifest alone, so one that is lost is written anew.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, readBounded, replaceFile } from '../../disk/atomic.ts';
import { hashFile } from '../../disk/hash.ts';
import { compareQuickly } from '../../disk/scan.ts';
import { Failed } from '../../model/failure.ts';
import { versionName } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { TreeFile } from '../../model/tree.ts';
import type { Layout } from '../layout.ts';

/** What a check at every start may cost: more files than these are left to the check of sizes and times. */
const limits = { files: 1000, bytes: 16 * 1024 ** 2, bytesPerFile: 12 * 1024 ** 2 } as const;

/** What makes a tree carry the engine: this program, which takes the words of the `moult` command, with the command behind it, as a file or in Electron's archive. */
const engineProgram = 'moult';
const engineScripts: ReadonlySet<string> = new Set(['resources/app/dist/src/main/cli/moult.mjs', 'resources/app.asar']);

/** A version on disk, as its list needs to know it. */
export interface Standing {
  readonly manifest: Manifest;
  readonly folder: string;
}

/** The program in a tree that takes the words of the `moult` command, or null when the tree does not carry the engine. Pure. */
export function engineOf({ tree }: Pick<Manifest, 'tree'>): string | null {
  const isProgram = tree.files.some(({ path, mode }) => path === engineProgram && mode === 'program');
  return isProgram && tree.files.some(({ path }) => engineScripts.has(path)) ? engineProgram : null;
}

/** The files of a tree whose code runs first: its programs, native modules and scripts, the entry before all others, up to the limits. Pure. */
function bootFiles(manifest: Pick<Manifest, 'tree' | 'entry'>): readonly TreeFile[] {
  const first = new Set([manifest.entry?.program, engineOf(manifest)]);
  const rank = ({ path }: TreeFile): number => (first.has(path) ? 0 : path.endsWith('.node') ? 1 : isScript(path) ? 2 : 3);
  const chosen = manifest.tree.files.filter((file) => rank(file) < 3 && file.size <= limits.bytesPerFile);
  let bytes = 0;
  return chosen
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, limits.files)
    .filter(({ size }) => (bytes += size) <= limits.bytes);
}

/** The text of a version's list. Pure. */
export function bootListText(manifest: Pick<Manifest, 'tree' | 'entry'>): string {
  const engine = engineOf(manifest);
  const files = bootFiles(manifest);
  const lines = [
    '# moult boot list 1',
    manifest.entry === null ? '# no entry' : `# entry ${manifest.entry.program}`,
    engine === null ? '# no engine' : `# engine ${engine}`,
    ...(manifest.entry?.args ?? []).map((argument) => `# argument ${escaped(argument)}`),
    ...files.map(({ sha256, path }) => `${sha256}  ${path}`),
    `# ${files.length} files`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Writes a version's list, unless it stands there as it should. Atomic. */
export async function writeBootList(layout: Layout, manifest: Manifest): Promise<void> {
  if (!(await isBootListRight(layout, manifest))) await replaceFile(listPath(layout, manifest), bootListText(manifest));
}

/** Whether a version's list stands there as its manifest says. */
export async function isBootListRight(layout: Layout, manifest: Manifest): Promise<boolean> {
  return (await standingList(listPath(layout, manifest))) === bootListText(manifest);
}

/**
 * Says what is wrong with a version before its code runs, or null. Of every file the name, size and mode are checked; hashed are
 * those that run first, and those that were written to after the version was recorded (S13, S14). A file that does not
 * belong there keeps nothing from starting: the full check tells of it.
 */
export async function bootProblem({ manifest, folder }: Standing, job: Job): Promise<string | null> {
  const { missing, changed } = await compareQuickly(folder, manifest.tree, job);
  const found = missing[0] ?? changed[0]?.path;
  if (found !== undefined) return `${found} is not as it was built`;
  const recordedMs = lstatSync(`${folder}.json`).mtimeMs;
  const first = new Set(bootFiles(manifest));
  const suspects = manifest.tree.files.filter((file) => first.has(file) || lstatSync(join(folder, file.path)).mtimeMs > recordedMs);
  for (const { path, sha256 } of suspects) {
    if ((await hashFile(join(folder, path), job)).sha256 !== sha256) return `${path} is not as it was built`;
  }
  return null;
}

function isScript(path: string): boolean {
  return path.startsWith('resources/app') && /\.(?:[cm]?js|json|asar)$/.test(path);
}

function escaped(argument: string): string {
  const octal = (character: string): string => `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  return argument.replaceAll('\\', '\\\\').replaceAll(/[\u0000-\u001f\u007f]/g, octal);
}

function listPath(layout: Layout, { version, tree }: Manifest): string {
  return join(layout.versions, `${versionName(version, tree.digest)}.boot`);
}

async function standingList(path: string): Promise<string | null> {
  try {
    return (await readBounded(path, limits.files * 2048))?.toString() ?? null;
  } catch (error) {
    // Whatever else stands there is replaced.
    if (error instanceof Failed || hasCode(error, 'EISDIR')) return null;
    throw error;
  }
}
