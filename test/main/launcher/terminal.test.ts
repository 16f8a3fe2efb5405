/** The escape screen as a person meets it: on a (pseudo-)terminal, with the real engine behind it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { placeLauncher } from '../../../src/main/launcher/place.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openGoodPlace, quits } from '../supervisor/fixture.ts';
import { withoutDisplay } from './ground.ts';

/** What makes a terminal for a command; part of every Linux. */
const terminal = '/usr/bin/script';

/** An installation that went from 1.0.0 to 1.1.0, both good; the launcher knows the engine of this checkout. */
async function twoGoodVersions(root: string) {
  const place = await openGoodPlace(root);
  await place.stage(await place.version('1.1.0', quits.replace('quit user', 'sleep 0.7; quit user')));
  await place.start();
  expect(await placeLauncher(place, quietJob())).toBe('placed');
  return place;
}

/** Starts an installation safely on a terminal, types the lines, and returns what the terminal showed. */
async function typed(root: string, ...lines: readonly string[]): Promise<{ readonly code: number | null; readonly shown: string }> {
  const env = { ...withoutDisplay(), HOME: root, LAUNCHER: join(root, 'boot', 'moult') };
  const child = spawn(terminal, ['-qec', '"$LAUNCHER" --safe', '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code: child.exitCode, shown: shown.replaceAll('\r', '') };
}

describe.runIf(existsSync(terminal))('the escape screen on a terminal', () => {
  it('goes back to the version before, and starts it', async () => {
    await using folder = await tempFolder();
    const place = await twoGoodVersions(folder.path);
    const { code, shown } = await typed(folder.path, '1');
    expect(shown).toContain('Moult was asked to start safely.\n\n  1  Go back to the version before\n  2  Repair the files\n');
    expect(shown).toContain('Back on 1.0.0; 1.1.0 stays on this machine.');
    expect([code, await place.current(), await place.starts()]).toMatchObject([0, { n: 3, version: '1.0.0' }, ['1.1.0', '1.0.0']]);
  });

  it('saves a support file, asks again after what it does not know, and leaves', async () => {
    await using folder = await tempFolder();
    const place = await twoGoodVersions(folder.path);
    const { code, shown } = await typed(folder.path, 'what?', '4', '5');
    const name = (await readdir(folder.path)).find((each) => each.startsWith('moult-support-')) ?? '';
    expect(shown).toContain(`Saved: ${join(folder.path, name)}\n`);
    expect(shown.match(/What to do\?/g)).toHaveLength(3);
    const support = await readFile(join(folder.path, name), 'utf8');
    expect([/1\.0\.0-\w+ is whole/.test(support), /1\.1\.0-\w+ is whole/.test(support)]).toEqual([true, true]);
    expect([code, await place.current()]).toMatchObject([0, { n: 2, version: '1.1.0' }]);
  });
});
