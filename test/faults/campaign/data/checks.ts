/** What must hold of the product with notes, while a piece of work lies there cut off and when it is through. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { treeDigest } from '../../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../../src/updater/disk/scan.ts';
import { currentGeneration } from '../../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { findVersion, listVersions } from '../../../../src/updater/install/versions.ts';
import { failureOf } from '../../../../src/updater/model/failure.ts';
import type { Generation } from '../../../../src/updater/model/generation.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { readableSnapshots } from '../../../../src/updater/store/records.ts';
import { remains } from '../content.ts';
import { copiesIn, type Copy } from './copies.ts';
import { oldLauncher } from './ground.ts';

/** What a piece of work promises of the notes. */
export interface Promises {
  /** Stand somewhere, whole, at any time. */
  readonly keeps: readonly string[];
  /** By the version that runs at the end, what it then works on. The first is how it ends where nothing spoke against it. */
  readonly ends: Readonly<Record<string, string>>;
  /** Stand somewhere when it is through. */
  readonly leaves: readonly string[];
  readonly also: 'nothing' | 'a second snapshot' | 'no snapshot' | 'a launcher' | 'two versions';
}

/** What holds at any time: every version is as it was built, the one that runs works on notes of its own data version, and no notes are lost. */
export async function wrongAnyTime({ keeps, also }: Promises, root: string): Promise<readonly string[]> {
  const copies = await copiesIn(root);
  const wrong = [...(await wrongTrees(root)), ...missing(keeps, copies)];
  const known = new Set(['1: one two', '1: one two three', '2: one/ONE two/TWO three/THREE']);
  wrong.push(...copies.filter(({ notes }) => !known.has(notes)).map(({ place, notes }) => `${place} holds ${notes}`));
  if (also === 'a launcher') wrong.push(...(await wrongLauncher(root)));
  const current = await currentOrNull(root);
  if (current === null) return wrong;
  const notes = copies.find(({ epoch }) => epoch === current.epoch)?.notes ?? 'nothing';
  if (!notes.startsWith(`${current.dataVersion}:`)) wrong.push(`${current.version} would work on ${notes}`);
  return wrong;
}

/** What holds when the work is through: a version that is good runs on the right notes, and nothing is left behind. */
export async function wrongAtEnd(promises: Promises, root: string, isCertain: boolean): Promise<readonly string[]> {
  const wrong = [...(await wrongAnyTime(promises, root)), ...(await remains(root))];
  const copies = await copiesIn(root);
  const current = await currentOrNull(root);
  const [usual] = Object.keys(promises.ends);
  const notes = copies.find(({ epoch }) => epoch === current?.epoch)?.notes;
  const isRight = current?.state === 'good' && promises.ends[current.version] === notes;
  if (!isRight || (isCertain && current.version !== usual)) wrong.push(`${current?.version} runs on ${notes}, ${current?.state}`);
  if (isCertain) wrong.push(...missing(promises.leaves, copies));
  return [...wrong, ...(await wrongBesides(promises, root))];
}

/** Null: nothing can be said, which the next start mends. */
async function currentOrNull(root: string): Promise<Generation | null> {
  return currentGeneration(instanceOf(layoutOf(root), 'default')).catch((error: unknown) => {
    if (failureOf(error).code === 'state/damaged') return null;
    throw error;
  });
}

function missing(wanted: readonly string[], copies: readonly Copy[]): readonly string[] {
  return wanted.filter((notes) => !copies.some((copy) => copy.notes === notes)).map((notes) => `lost: ${notes}`);
}

async function wrongTrees(root: string): Promise<readonly string[]> {
  const layout = layoutOf(root);
  const wrong: string[] = [];
  for (const record of await listVersions(layout)) {
    const version = await findVersion(layout, record.treeDigest);
    const found = version === null ? '' : treeDigest(await scanTree(version.folder, quietJob()));
    if (found !== record.treeDigest) wrong.push(`${record.version} is not as it was built`);
  }
  return wrong;
}

async function wrongBesides({ also }: Promises, root: string): Promise<readonly string[]> {
  const { snapshots, epochs } = instanceOf(layoutOf(root), 'default');
  const kept = await readableSnapshots(snapshots);
  switch (also) {
    case 'nothing':
      return [];
    case 'a second snapshot':
      return kept.some(({ note }) => note === 'second') ? [] : ['there is no second snapshot'];
    case 'no snapshot':
      return kept.length === 0 ? [] : ['the snapshot is still there'];
    case 'a launcher':
      return findsSomething(root);
    case 'two versions': {
      const versions = (await listVersions(layoutOf(root))).map(({ version }) => version).toSorted();
      const left = [...versions, ...(await readdir(epochs))].join(' ');
      return left === '1.1.0 2.0.0 3' ? [] : [`after the cleanup there are ${left}`];
    }
  }
}

const launcher = await readFile(fileURLToPath(new URL('../../../../src/main/launcher/moult.sh', import.meta.url)), 'utf8');

/** The launcher is the old one or the new one, as is what it keeps of its predecessor. */
async function wrongLauncher(root: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const name of ['moult', 'moult.previous']) {
    const text = await readFile(join(root, 'boot', name), 'utf8').catch(() => oldLauncher);
    if (text !== oldLauncher && (name !== 'moult' || text !== launcher)) wrong.push(`boot/${name} is a mixture`);
  }
  return wrong;
}

async function findsSomething(root: string): Promise<readonly string[]> {
  const told = await promisify(execFile)(join(root, 'boot', 'moult'), ['--which']).catch((error: unknown) => ({ stdout: String(error) }));
  return told.stdout.startsWith('1 1.0.0-') ? [] : [`the launcher says ${told.stdout}`];
}
