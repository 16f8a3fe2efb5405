/** Installations of the product with notes, in the states that pieces of work begin with; made once, copied for every case. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Switching } from '../../../../src/updater/install/activate.ts';
import { takeSnapshot } from '../../../../src/updater/install/epoch/snapshot/take.ts';
import { stageGeneration } from '../../../../src/updater/install/generations.ts';
import type { Version } from '../../../../src/updater/install/versions.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { makeVersion, notesOf, now, openPlace, run, writeNotes } from '../../../updater/install/epoch/place.ts';
import { carryOut } from '../scenario.ts';
import { treeOf } from './program.ts';

/**
 * `one`: 1.0.0 runs, its notes are of data version 1; `kept`: and what they were before is a snapshot; `old launcher`: and it has
 * an older launcher. `waiting`, `bad`: and 2.0.0, which migrates them, or 2.0.1, which does so and ends, waits. `two`: 2.0.0 runs,
 * the data of before is a snapshot; `no pointer`, `no record`: and current.json is empty, or the record that it names is damaged.
 * `three`: 1.0.0, 1.1.0 and 2.0.0 ran, and nothing was cleaned up.
 */
export type State = 'one' | 'kept' | 'old launcher' | 'waiting' | 'bad' | 'two' | 'no pointer' | 'no record' | 'three';

/** An older launcher, which starts nothing. */
export const oldLauncher = '#!/bin/sh\nexit 1\n';

/** Makes the installations below `folder`, and returns where each is. */
export async function openDataGround(folder: string): Promise<(state: State) => string> {
  const placeOf = (state: State | 'begun'): string => join(folder, `notes, ${state}`);
  const grow = async (from: State | 'begun', state: State, more: (place: Switching) => Promise<unknown>): Promise<void> => {
    await promisify(execFile)('cp', ['-a', placeOf(from), placeOf(state)]);
    await using place = await openPlace(placeOf(state));
    await more(place);
  };
  await begin(placeOf('begun'));
  await grow('begun', 'one', async ({ instance }) => writeNotes(instance, 1, 'three'));
  await grow('begun', 'kept', keepAndGoOn);
  await grow('one', 'old launcher', placeOldLauncher);
  await grow('one', 'waiting', async (place) => stage(place, await notesVersion(place, '2.0.0')));
  await grow('one', 'bad', async (place) => stage(place, await notesVersion(place, '2.0.1')));
  await grow('one', 'three', async (place) => {
    for (const version of ['1.1.0', '2.0.0']) await run(place, await notesVersion(place, version));
  });
  await grow('waiting', 'two', async () => undefined);
  await carryOut({ kind: 'start', root: placeOf('two') }, quietJob());
  await grow('two', 'no pointer', ({ instance }) => truncate(instance.pointer));
  await grow('two', 'no record', ({ instance }) => writeFile(join(instance.generations, '2.json'), '{"n":2'));
  return placeOf;
}

async function begin(root: string): Promise<void> {
  await using place = await openPlace(root);
  const { epoch } = await run(place, await notesVersion(place, '1.0.0'), 'install');
  writeNotes(place.instance, epoch, 'one', 'two');
}

async function keepAndGoOn(place: Switching): Promise<void> {
  await takeSnapshot({ kind: 'manual', note: 'then', program: false, rehash: false }, place, quietJob());
  writeNotes(place.instance, 1, 'three');
}

async function placeOldLauncher({ layout }: Switching): Promise<void> {
  const path = join(layout.boot, 'moult');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, oldLauncher);
  await chmod(path, 0o755);
}

/** Versions 2 have data version 2; 2.0.1 is the bad one. */
function notesVersion(place: Switching, version: string): Promise<Version> {
  return makeVersion(place, treeOf(version, version === '2.0.1'), { version, ...notesOf(version.startsWith('2') ? 2 : 1) });
}

async function stage({ instance }: Switching, { manifest }: Version): Promise<void> {
  await stageGeneration(instance, manifest, { why: 'update', now, tries: manifest.health.tries });
}
