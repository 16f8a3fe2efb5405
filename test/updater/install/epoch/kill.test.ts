/** A process that dies while it makes an epoch: the original is untouched, the clone is nothing, and the next try goes through. */
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { scanTree } from '../../../../src/updater/disk/scan.ts';
import { treeDigest } from '../../../../src/updater/disk/hash.ts';
import { epochFolder, listEpochs } from '../../../../src/updater/install/epoch/record.ts';
import { currentGeneration } from '../../../../src/updater/install/generations.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { faultsMissing, runWithFault, type Command } from '../../../faults/shim/shim.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { makeVersion, migratorOf, notesOf, openPlace, readNotes, run, scriptOf, writeNotes } from './place.ts';

const missing = await faultsMissing();
const migrator = migratorOf("ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT ''");

test.skipIf(missing !== null).each([0.1, 0.5, 0.8, 1])(
  'R01 killed after a share of %d of its calls, a clone with its migration',
  async (share) => {
    await using folder = await tempFolder();
    const total = share === 0.1 ? null : await callsOf(folder.path);
    await using place = await openPlace(`${folder.path}/place`);
    await run(place, await makeVersion(place, scriptOf(''), { version: '1.0.0', ...notesOf(1) }), 'install');
    writeNotes(place.instance, 1, 'one');
    const before = treeDigest(await scanTree(epochFolder(place.instance, 1), quietJob()));
    const version = await makeVersion(place, migrator, { version: '2.0.0', ...notesOf(2) });
    const at = total === null ? 3 : Math.max(1, Math.round(total * share));
    const died = await runWithFault(program(place.layout.root, version.record.treeDigest), { at, what: 'before' });
    // Where the call was the migrating program's it dies alone, and what started it says so.
    if (died.signal !== 'SIGKILL') expect(died.stderr).toContain('SIGKILL');
    expect(treeDigest(await scanTree(epochFolder(place.instance, 1), quietJob()))).toBe(before);
    expect(await currentGeneration(place.instance)).toMatchObject({ n: 1, epoch: 1 });
    expect((await listEpochs(place.instance)).filter(({ epoch }) => epoch > 1 && readNotes(place.instance, epoch).version !== 2)).toEqual(
      [],
    );
    await run(place, version);
    expect((await readdir(place.instance.epochs)).filter((name) => name.startsWith('.making'))).toEqual([]);
  },
);

/** How many calls there are when nothing happens. */
async function callsOf(folder: string): Promise<number> {
  await using place = await openPlace(`${folder}/dry`);
  await run(place, await makeVersion(place, scriptOf(''), { version: '1.0.0', ...notesOf(1) }), 'install');
  writeNotes(place.instance, 1, 'one');
  const version = await makeVersion(place, migrator, { version: '2.0.0', ...notesOf(2) });
  const ended = await runWithFault(program(place.layout.root, version.record.treeDigest), null);
  expect(ended.stderr).toBe('');
  return ended.calls.length;
}

/** Makes the epoch and its record, the way a switch does, in a process of its own. */
function program(root: string, tree: string): Command {
  const source = (path: string): string => JSON.stringify(resolve('src/updater', path));
  const text = `
    const { makeEpoch } = await import(${source('install/epoch/epochs.ts')});
    const { readEpoch } = await import(${source('install/epoch/record.ts')});
    const { findVersion } = await import(${source('install/versions.ts')});
    const { layoutOf, instanceOf } = await import(${source('install/layout.ts')});
    const { quietJob } = await import(${source('model/job.ts')});
    const layout = layoutOf(${JSON.stringify(root)});
    const instance = instanceOf(layout, 'default');
    const version = await findVersion(layout, ${JSON.stringify(tree)});
    const from = await readEpoch(instance, 1);
    await makeEpoch({ layout, instance, version, from, generation: 2, why: 'update', now: new Date() }, quietJob());
  `;
  return { args: ['--input-type=module', '-e', text], root };
}
