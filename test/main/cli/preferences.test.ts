/** Preferences and decisions from the command line, without a program that runs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openLedger } from '../../../src/main/ledger/ledger.ts';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, minute, programOf, well } from '../updates/life/life.ts';

const script = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

async function moult(root: string, ...args: readonly string[]): Promise<{ code: number; told: unknown }> {
  const all = [script, '--root', root, '--json', ...args];
  const { code, stdout } = await promisify(execFile)(process.execPath, all).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, told: JSON.parse(stdout) };
}

it('What is set and decided with commands is what the service goes by, and the other way round', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path, new Date());
  await life.ask('prefs/set', { theme: 'dark' });
  await life.release('1.1.0');
  await life.pass(minute);
  await life.close();
  const { layout, instance } = life.place;
  const { root } = layout;

  expect(await moult(root, 'prefs', 'get')).toMatchObject({ code: 0, told: { values: { theme: 'dark', autoUpdate: 'ask' }, managed: [] } });
  expect(await moult(root, 'prefs', 'set', 'awayBetween', '22:30-06:00')).toMatchObject({
    told: { values: { awayBetween: { from: '22:30', to: '06:00' } } },
  });
  expect(await moult(root, 'prefs', 'set', 'bandwidth', '50000')).toMatchObject({ told: { values: { bandwidth: 50_000 } } });
  expect(await moult(root, 'prefs', 'reset', 'theme', 'awayBetween')).toMatchObject({
    told: { values: { theme: 'system', awayBetween: null } },
  });
  for (const wrong of [
    ['set', 'theme', 'pink'],
    ['set', 'colour', 'dark'],
    ['set', '__proto__', 'x'],
    ['set', 'bandwidth', '3'],
    ['get', 'nothing'],
    ['reset', 'theme', 'nothing'],
  ])
    expect(await moult(root, 'prefs', ...wrong)).toMatchObject({ code: 2, told: { failure: { code: 'usage/wrong' } } });

  expect(await moult(root, 'decide', 'skip')).toMatchObject({ code: 0, told: { version: '1.1.0', decision: { kind: 'skipped' } } });
  expect(await moult(root, 'status')).toMatchObject({ told: { reminder: { version: '1.1.0', decision: { kind: 'skipped' } } } });
  expect(await moult(root, 'decide', 'later', '--hours', '5')).toMatchObject({ code: 2 });
  using ledger = await openLedger(instance, () => new Date());
  expect(ledger.list('preference', 9).map(({ what }) => what)).toEqual(['theme', 'awayBetween', 'bandwidth', 'awayBetween', 'theme']);
  await life.restart();
  expect(life.board().present).toMatchObject({ update: { kind: 'idle' }, offer: { decision: { kind: 'skipped' } } });
});

it('E6 a release that breaks something is only taken by a command that says yes', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path, new Date());
  const changelog = { notes: {}, changes: [], breaking: [{ what: 'a new format', exports: [] }] };
  await life.publisher.release('2.0.0', programOf(well), { changelog, patchesFrom: 0 });
  const root = join(folder.path, 'root');
  await life.close();
  expect(await moult(root, 'update', '--dry-run')).toMatchObject({ code: 0, told: { to: '2.0.0' } });
  expect(await moult(root, 'update')).toMatchObject({
    code: 3,
    told: { failure: { code: 'switch/breaking', detail: '2.0.0: a new format' } },
  });
  expect(await moult(root, '--yes', 'update', '--fresh')).toMatchObject({
    code: 0,
    told: { to: '2.0.0', generation: { state: 'staged' } },
  });
});
