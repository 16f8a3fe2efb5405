/** What a person's data goes through with the real application: forward, back, out (C3, C4, R10, R23). */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../src/updater/disk/json.ts';
import { estimateData, tooMuchToRehearse } from '../../../../src/updater/install/epoch/aside/estimate.ts';
import { exportEpoch } from '../../../../src/updater/install/epoch/aside/export.ts';
import { rehearse } from '../../../../src/updater/install/epoch/aside/preflight.ts';
import { epochFolder, readEpoch } from '../../../../src/updater/install/epoch/record.ts';
import { currentGeneration } from '../../../../src/updater/install/generations.ts';
import { rollBack } from '../../../../src/updater/install/rollback.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import type { Manifest } from '../../../../src/updater/model/manifest.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { makeVersion, notesOf, notesProgram, openPlace, readNotes, run, scriptOf, writeNotes } from './place.ts';

const job = quietJob();

/** An instance whose notes of version 1 were migrated to version 2, and went on being written there. */
async function migratedPlace(root: string) {
  const place = await openPlace(root);
  await run(place, await makeVersion(place, notesProgram(1), { version: '1.0.0', ...notesOf(1) }), 'install');
  writeNotes(place.instance, 1, 'first', 'with "quotes",\nand lines');
  await run(place, await makeVersion(place, notesProgram(2), { version: '2.0.0', ...notesOf(2) }));
  writeNotes(place.instance, 2, 'since then');
  return place;
}

describe('data that the new version migrated', () => {
  it('R10 is not handed to the old version; its own starts untouched on request, and the newer is kept and exportable', async () => {
    await using folder = await tempFolder();
    await using place = await migratedPlace(folder.path);
    for (const data of [null, 'keep'] as const) {
      const refused = rollBack({ target: '1.0.0', data }, place, job);
      await expect(refused).rejects.toMatchObject({ code: 'switch/data', message: expect.stringContaining('--data restore') });
    }
    expect(await currentGeneration(place.instance)).toMatchObject({ version: '2.0.0', epoch: 2 });
    const back = await rollBack({ target: '1.0.0', data: 'restore' }, place, job);
    expect(back).toMatchObject({ version: '1.0.0', epoch: 3, dataVersion: 1, why: 'rollback' });
    expect(readNotes(place.instance, 3)).toEqual({ version: 1, texts: ['first', 'with "quotes",\nand lines'] });
    expect(await readEpoch(place.instance, 3)).toMatchObject({ from: 1 });
    expect(readNotes(place.instance, 2)).toMatchObject({ version: 2, texts: ['first', 'with "quotes",\nand lines', 'since then'] });
    const to = join(folder.path, 'out');
    expect(await exportEpoch({ ...place, epoch: 2, to }, job)).toEqual({
      epoch: 2,
      dataVersion: 2,
      by: '2.0.0',
      files: ['notes.csv', 'notes.json'],
      failed: [],
    });
    expect(parseJson(await readFile(join(to, 'notes.json')), { maxBytes: 10_000 })).toMatchObject([
      { id: 1, title: 'first', text: 'first' },
      { id: 2, title: 'with "quotes",' },
      { id: 3, text: 'since then' },
    ]);
    expect(await readFile(join(to, 'notes.csv'), 'utf8')).toContain('"with ""quotes"",\nand lines"');
  });

  it('goes along where the old version can read it', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await run(place, await makeVersion(place, scriptOf('1'), { version: '1.0.0', ...notesOf(1) }), 'install');
    writeNotes(place.instance, 1, 'one');
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1) }));
    writeNotes(place.instance, 2, 'two');
    expect(await rollBack({ target: null, data: null }, place, job)).toMatchObject({ version: '1.0.0', epoch: 3 });
    expect(readNotes(place.instance, 3).texts).toEqual(['one', 'two']);
    // Asked again before it was started, and only then: whoever was killed has not seen the answer.
    expect(await rollBack({ target: null, data: null }, place, job)).toMatchObject({ n: 3, version: '1.0.0' });
  });
});

describe('an export', () => {
  it('takes an older version where the newest one fails', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await run(place, await makeVersion(place, notesProgram(1), { version: '1.0.0', ...notesOf(1) }), 'install');
    writeNotes(place.instance, 1, 'one');
    await makeVersion(place, scriptOf("process.stderr.write('broken'); process.exitCode = 1"), { version: '2.0.0', ...notesOf(2) });
    const exported = await exportEpoch({ ...place, epoch: 1, to: join(folder.path, 'out') }, job);
    expect(exported).toMatchObject({ by: '1.0.0', dataVersion: 1, failed: [{ version: '2.0.0', failure: { code: 'start/failed' } }] });
    await expect(exportEpoch({ ...place, epoch: 9, to: join(folder.path, 'none') }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    await expect(exportEpoch({ ...place, epoch: 1, to: join(folder.path, 'out') }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    expect((await readdir(place.instance.epochs)).filter((name) => name.startsWith('.aside'))).toEqual([]);
  });
});

describe('an export that no version can make', () => {
  it('hands out the files as they are', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    const data = { ...notesOf(1).data, exporters: [] };
    await run(place, await makeVersion(place, scriptOf('1'), { version: '1.0.0', ...notesOf(1), data }), 'install');
    writeNotes(place.instance, 1, 'one');
    const exported = await exportEpoch({ ...place, epoch: 1, to: join(folder.path, 'out') }, job);
    expect(exported).toMatchObject({ by: null, files: ['data/notes.db'] });
  });
});

describe('the rehearsal of a version', () => {
  const fields = { version: '2.0.0', ...notesOf(2) };

  async function rehearsal(
    place: Awaited<ReturnType<typeof openPlace>>,
    contents: Parameters<typeof makeVersion>[1],
    other: Partial<Manifest> = {},
  ) {
    const { manifest, folder } = await makeVersion(place, contents, { ...fields, ...other });
    return rehearse({ ...place, manifest, folder, from: await readEpoch(place.instance, 1) }, job);
  }

  it('migrates, opens and leaves on a copy, while the original is written to', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await run(place, await makeVersion(place, notesProgram(1), { version: '1.0.0', ...notesOf(1) }), 'install');
    writeNotes(place.instance, 1, 'one');
    expect(await rehearsal(place, notesProgram(2))).toMatchObject({ kind: 'done', withoutData: null });
    expect(readNotes(place.instance, 1)).toEqual({ version: 1, texts: ['one'] });
    expect((await readdir(place.instance.epochs)).toSorted()).toEqual(['1']);
  });

  it.each([
    ['ends before it is ready', 'process.exit(0)', 'before it was ready'],
    ['fails', "process.stderr.write('a module is missing'); process.exit(1)", 'a module is missing'],
    ['stays in one stage', 'setInterval(() => {}, 1000)', 'one stage'],
  ])('refuses one that %s', async (_, script, why) => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    const health = { stageTimeoutMs: 1000, tries: 3, errorRateLimit: 50 };
    const refused = rehearsal(place, scriptOf(script), { health });
    await expect(refused).rejects.toMatchObject({ code: 'switch/denied', message: expect.stringContaining(why) });
  });

  it('gives a program no session, no home and no network to reach, and tells it so', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    const caught = join(folder.path, 'caught.json');
    const canary = join(folder.path, 'home');
    await mkdir(canary);
    const before = { ...process.env };
    Object.assign(process.env, {
      DISPLAY: ':7',
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${canary}/bus`,
      SSH_AUTH_SOCK: `${canary}/agent`,
      HOME: canary,
    });
    try {
      expect(await rehearsal(place, scriptOf(nosy(caught, canary)))).toMatchObject({ kind: 'done' });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
    const seen = parseJson(await readFile(caught), { maxBytes: 10_000 });
    expect(seen).toEqual({ deny: 'network,keychain,tray,registration', bus: 'disabled:', isHome: false, interfaces: expect.anything() });
    expect(await readdir(canary)).toEqual([]);
    if (process.platform === 'linux' && existsSync('/usr/bin/unshare')) expect(seen).toMatchObject({ interfaces: 'none' });
  });

  it('begins with no data where that is too much to copy, and says why', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await run(place, await makeVersion(place, notesProgram(1), { version: '1.0.0', ...notesOf(1) }), 'install');
    await writeFile(join(epochFolder(place.instance, 1), 'data', 'large'), Buffer.alloc(300_000, 'x'));
    const { manifest, folder: tree } = await makeVersion(place, notesProgram(2), fields);
    const from = await readEpoch(place.instance, 1);
    const withoutData = expect.stringMatching(/^\d MB of data are too much to copy for it$/);
    expect(await rehearse({ ...place, manifest, folder: tree, from, mostBytes: 200_000 }, job)).toMatchObject({
      kind: 'done',
      withoutData,
    });
    expect(await tooMuchToRehearse(place.instance, 2.2e9)).toBe('2200 MB of data are too much to copy for it');
    expect(await estimateData(place.instance, manifest, { epoch: 1, dataVersion: 1 })).toMatchObject({ notRehearsed: null });
  });

  it('leaves out what declares no data, and content', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await writeFile(join(folder.path, 'x'), '');
    expect(await rehearsal(place, scriptOf('process.exit(1)'), { data: null })).toMatchObject({ kind: 'left-out' });
    expect(await rehearsal(place, { x: '1' }, { version: '2.0.1', entry: null })).toMatchObject({ kind: 'left-out' });
  });
});

/** Registers itself, looks for a tray, a keychain and a network, and says what it found. */
function nosy(caught: string, canary: string): string {
  return `
    const { HOME, DISPLAY, SSH_AUTH_SOCK, DBUS_SESSION_BUS_ADDRESS, MOULT_DENY, MOULT_HEALTH } = process.env;
    const fs = require('fs');
    fs.mkdirSync(HOME + '/.local/share/applications', { recursive: true });
    fs.writeFileSync(HOME + '/.local/share/applications/notes.desktop', '');
    const up = Object.values(require('os').networkInterfaces()).flat();
    const seen = { deny: MOULT_DENY, bus: DBUS_SESSION_BUS_ADDRESS, display: DISPLAY, agent: SSH_AUTH_SOCK, isHome: HOME === ${JSON.stringify(canary)}, interfaces: up.length === 0 ? 'none' : 'some' };
    fs.writeFileSync(${JSON.stringify(caught)}, JSON.stringify(seen));
    fs.appendFileSync(MOULT_HEALTH, '{"stage":"ready"}\\n');
  `;
}
