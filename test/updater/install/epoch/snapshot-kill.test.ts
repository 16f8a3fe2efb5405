/** R02 for snapshots: a kill, a full disk or a failing one at any call of create, restore and delete. `FAULT_POINTS` says how many points of each. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLeftover } from '../../../../src/updater/disk/atomic.ts';
import type { Request, RequestOf } from '../../../../src/updater/engine/process/requests.ts';
import { serve } from '../../../../src/updater/engine/process/serve.ts';
import { takeSnapshot } from '../../../../src/updater/install/epoch/snapshot/take.ts';
import { epochFolder, listEpochs } from '../../../../src/updater/install/epoch/record.ts';
import { currentGeneration, listGenerations } from '../../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { failureOf } from '../../../../src/updater/model/failure.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { listSnapshots, readableSnapshots } from '../../../../src/updater/store/records.ts';
import { scrubSnapshots } from '../../../../src/updater/store/unpack.ts';
import { seeded, spread } from '../../../faults/campaign/choice.ts';
import { faultsMissing, quickEnvironment, runWithFault, type Command, type Fault } from '../../../faults/shim/shim.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { makeVersion, openPlace, readNotes, run, writeNotes } from './place.ts';

const job = quietJob();
const missing = await faultsMissing();
const points = Number(process.env['FAULT_POINTS'] ?? 6);
const engine = fileURLToPath(new URL('../../../faults/campaign/engine-process.ts', import.meta.url));

type Wish = RequestOf<'snapshot'>['wish'];
const wishes: Readonly<Record<string, Wish>> = {
  create: { kind: 'create', note: 'second', program: false, rehash: false, keep: 5 },
  restore: { kind: 'restore', id: '1' },
  delete: { kind: 'delete', id: '1' },
};

describe.skipIf(missing !== null)(`R02 a snapshot's kill at any moment${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;

  beforeAll(async () => {
    folder = await tempFolder();
    await using place = await openPlace(join(folder.path, 'ground'));
    const { epoch } = await run(place, await makeVersion(place, { 'read me': 'one\n' }, { version: '1.0.0', dataVersion: 1 }));
    writeNotes(place.instance, epoch, 'then');
    await writeFile(join(epochFolder(place.instance, epoch), 'config', 'settings.json'), '{"then":1}');
    await takeSnapshot({ kind: 'manual', note: 'first', program: false, rehash: false }, place, job);
    writeNotes(place.instance, epoch, 'now');
    await writeFile(join(epochFolder(place.instance, epoch), 'config', 'settings.json'), '{"now":1}');
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  it.each(Object.keys(wishes))('leaves what was there or what was wished, and the same again finishes: %s', async (name) => {
    const calls = await countCalls(name);
    const chance = seeded(1);
    for (const [i, at] of spread(calls.length, points, chance).entries()) {
      const what = (['before', 'after', 28, 5] as const)[i % 4] ?? 'before';
      const fault: Fault = { at, what, ...(typeof what === 'number' ? { always: i % 8 > 3 } : {}) };
      expect({ name, fault, call: calls[at - 1], broken: await tryFault(name, fault) }).toMatchObject({ broken: [] });
    }
  });

  async function countCalls(name: string): Promise<readonly string[]> {
    await using root = await freshRoot(`${name} undisturbed`);
    const ended = await runWithFault(commandOf(name, root.path), null);
    expect([ended.code, ended.stdout]).toEqual([0, '']);
    return ended.calls;
  }

  async function tryFault(name: string, fault: Fault): Promise<readonly string[]> {
    await using root = await freshRoot(`${name} ${fault.what} ${fault.at}`);
    await runWithFault(commandOf(name, root.path), fault);
    const broken = await wrongAnyTime(root.path);
    const again = await serve(requestFor(name, root.path), job).then(
      () => null,
      (error: unknown) => failureOf(error),
    );
    // What was deleted already cannot be named any more.
    if (again !== null && !(name === 'delete' && again.code === 'usage/wrong')) broken.push(`again: ${again.code} ${again.detail}`);
    return [...broken, ...(await wrongAnyTime(root.path)), ...(await wrongAtEnd(name, root.path))];
  }

  async function freshRoot(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
    const path = join(folder.path, name);
    await promisify(execFile)('cp', ['-a', join(folder.path, 'ground'), path]);
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }
});

function requestFor(name: string, root: string): Request {
  return { kind: 'snapshot', root, instance: 'default', wish: wishes[name] ?? { kind: 'delete', id: '' } };
}

function commandOf(name: string, root: string): Command {
  return { args: [engine, JSON.stringify([requestFor(name, root)])], root, env: quickEnvironment() };
}

/** The present generation is good, or will be with the next command; its data is wholly of now or wholly of then, and whatever is a snapshot can be gone back to. */
async function wrongAnyTime(root: string): Promise<string[]> {
  const [layout, instance] = [layoutOf(root), instanceOf(layoutOf(root), 'default')];
  const current = await currentGeneration(instance);
  if (current?.state !== 'good' && current?.state !== 'staged') return [`generation ${current?.n} is ${current?.state}`];
  const wrong: string[] = [];
  const settings = await readFile(join(epochFolder(instance, current.epoch), 'config', 'settings.json'), 'utf8');
  const { texts } = readNotes(instance, current.epoch);
  const isNow = settings === '{"now":1}' && texts.join() === 'then,now';
  const isThen = settings === '{"then":1}' && texts.join() === 'then';
  if (!isNow && !isThen) wrong.push(`the data is a mixture: ${settings} ${texts.join()}`);
  const damaged = (await listSnapshots(instance.snapshots)).filter(({ kind }) => kind === 'damaged');
  wrong.push(...damaged.map(({ id }) => `the record of ${id} cannot be read`));
  const scrub = await scrubSnapshots(layout.objects, await readableSnapshots(instance.snapshots), job);
  return [...wrong, ...scrub.damaged.map(({ id, paths }) => `${id} lacks ${paths.join()}`)];
}

async function wrongAtEnd(name: string, root: string): Promise<readonly string[]> {
  const instance = instanceOf(layoutOf(root), 'default');
  const notes = (await readableSnapshots(instance.snapshots)).map(({ note }) => note);
  const wrong: string[] = [];
  if (name === 'create' && !notes.includes('second')) wrong.push('there is no second snapshot');
  if (name === 'delete' && notes.includes('first')) wrong.push('the first snapshot is still there');
  if (name === 'restore') {
    const { texts } = readNotes(instance, (await currentGeneration(instance))?.epoch ?? 0);
    if (texts.join() !== 'then') wrong.push(`the notes are ${texts.join()}`);
    if (!notes.some((note) => note.startsWith('before'))) wrong.push('what was there before is no snapshot');
  }
  const numbers = (await listGenerations(instance)).map(({ epoch }) => epoch);
  const named = (await listEpochs(instance)).filter(({ epoch }) => numbers.includes(epoch));
  if (named.length !== new Set(numbers).size) wrong.push('a generation has no epoch');
  const left = (await readdir(root, { recursive: true })).filter((path) =>
    path.split('/').some((part) => isLeftover(part) || part.startsWith('.making-')),
  );
  return [...wrong, ...left.map((path) => `${path} is left`)];
}
