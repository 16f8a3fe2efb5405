/** What has to hold after the power was cut, and that everything goes on from there. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openNotes } from '../../../src/main/app/notes.ts';
import { compareTree } from '../../../src/updater/disk/scan.ts';
import { epochFolder } from '../../../src/updater/install/epoch/record.ts';
import { currentGeneration, listGenerations } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import type { Generation } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { TestPublisher } from '../../ground/publisher.ts';
import { quickEnvironment } from '../shim/shim.ts';
import { install, tryOut, update, type Promises, type Standing, type Tried } from './story.ts';

/** What may and must be found on a disk whose power was cut at some position. `hasBad`: a version may wait there that is taken back. */
export interface Expected {
  readonly chapter: string;
  readonly hasBad: boolean;
  readonly points: readonly (string | null)[];
  readonly starts: readonly (string | null)[];
  readonly notes: readonly string[];
  readonly tried: readonly Tried[];
}

const nothing: Standing = { points: null, starts: null, notes: [] };

/** What was promised by a position of the recorder: what was reported done is so for ever, what was begun may be either. */
export function expectedAt(position: number, { told, tried }: Promises): Expected {
  const last = told.findLast(({ doneAt }) => doneAt <= position);
  const before = last?.after ?? nothing;
  const under = told.find(({ begunAt, doneAt }) => begunAt <= position && position < doneAt);
  const after = under?.after ?? before;
  return {
    chapter: under?.name ?? 'in between',
    hasBad: [last, under].some((chapter) => chapter?.name.startsWith('bad')),
    points: [before.points, after.points, ...(under?.also === undefined ? [] : [under.also])],
    starts: [before.starts, after.starts],
    notes: before.notes.filter((note) => after.notes.includes(note)),
    tried: tried.filter(({ at }) => at <= position),
  };
}

/** Starts what is left of an installation, and updates it; returns what is broken (nothing, where all is well). */
export async function brokenAfterCut(root: string, expected: Expected, publisher: TestPublisher): Promise<readonly string[]> {
  try {
    const layout = layoutOf(root);
    const place = { layout, instance: instanceOf(layout, 'default') };
    const asLeft = [...(await brokenRecords(place, expected)), ...(await brokenLauncher(place, expected))];
    const started = await brokenStart(place, expected);
    return [...asLeft, ...started, ...(await brokenFuture(place, expected, publisher))];
  } catch (error) {
    const { code, detail } = failureOf(error);
    return [`${code}: ${detail}`];
  }
}

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
}

/** Before anything mends them: the pointer names what it may, and no try that was made is forgotten. */
async function brokenRecords({ instance }: Place, { points, tried }: Expected): Promise<readonly string[]> {
  const current = await currentGeneration(instance);
  const broken = points.includes(current?.version ?? null) ? [] : [`the pointer names ${current?.version}`];
  const all = await listGenerations(instance);
  for (const { n, triesLeft } of tried) {
    const record = all.find((generation) => generation.n === n);
    if (record === undefined || record.state === 'staged' || record.triesLeft > triesLeft)
      broken.push(`a try of generation ${n} is forgotten`);
  }
  return broken;
}

async function brokenLauncher({ layout }: Place, { points, starts }: Expected): Promise<readonly string[]> {
  const launcher = join(layout.boot, 'moult');
  if (!existsSync(launcher)) return [];
  const { code, stdout } = await run('/bin/sh', [launcher, '--which']);
  const isKnown = [...points, ...starts].some((version) => version !== null && stdout.includes(` ${version}-`));
  return code === 0 && isKnown ? [] : [`the launcher would start ${stdout.trim()} (exit code ${code})`];
}

/** The real command, with the product's patience, whose user leaves again: 7 is the end of a start that took a bad version back on its way. */
async function brokenStart(place: Place, { starts, hasBad }: Expected): Promise<readonly string[]> {
  const { layout, instance } = place;
  const { code, stdout, stderr } = await run(process.execPath, [moult, '--root', layout.root, '--json', 'start']);
  const current = await currentGeneration(instance);
  const ended = current === null ? 1 : code === 7 && hasBad ? 7 : 0;
  const broken = code === ended ? [] : [`the start ended with ${code}: ${stdout}${stderr}`];
  if (!starts.includes(current?.version ?? null)) broken.push(`${current?.version} runs after the start`);
  const status = await run(process.execPath, [moult, '--root', layout.root, '--json', 'status']);
  if (status.code !== (current === null ? 1 : 0)) broken.push(`the status ended with ${status.code}: ${status.stdout}`);
  return [...broken, ...(current === null ? [] : await brokenTree(place, current))];
}

/** Everything goes on: a first installation is made again, what runs proves itself, and so does the next version. */
async function brokenFuture(place: Place, { notes }: Expected, publisher: TestPublisher): Promise<readonly string[]> {
  const { root } = place.layout;
  const told = { root, publisher, tell: () => undefined };
  if ((await currentGeneration(place.instance)) === null) await install(told);
  await tryOut(told);
  await update(root, '1.3.0');
  await tryOut(told);
  const current = await currentGeneration(place.instance);
  if (current?.version !== '1.3.0' || current.state !== 'good') return [`the next update ends on ${current?.version}, ${current?.state}`];
  return [...(await brokenTree(place, current)), ...lostNotes(place, current, notes)];
}

async function brokenTree({ layout }: Place, { treeDigest, version }: Generation): Promise<readonly string[]> {
  const standing = await findVersion(layout, treeDigest);
  if (standing === null) return [`${version} does not stand`];
  const { missing, extra, changed } = await compareTree(standing.folder, standing.manifest.tree, quietJob());
  return missing.length + extra.length + changed.length === 0 ? [] : [`${version} is not whole`];
}

/** Opened as the application does, and only now: until here nobody has mended what the cut left of the database. */
function lostNotes({ instance }: Place, { epoch, dataVersion }: Generation, expected: readonly string[]): readonly string[] {
  const database = join(epochFolder(instance, epoch), 'data', 'notes.db');
  if (!existsSync(database)) return expected.map((note) => `the note ${note} is lost with its database`);
  using notes = openNotes(database, dataVersion);
  const found = new Set(notes.list().map(({ text }) => text));
  return expected.filter((note) => !found.has(note)).map((note) => `the note ${note} is lost`);
}

const moult = resolve('src/main/cli/moult.mjs');

async function run(program: string, words: readonly string[]) {
  return promisify(execFile)(program, [...words], { env: { ...quickEnvironment(), USER_LEAVES: '1' } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}
