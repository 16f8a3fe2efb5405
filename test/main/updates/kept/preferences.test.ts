import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usualPreferences } from '../../../../src/main/contract/preferences.ts';
import { readPreferences, resetPreferences, setPreferences, type Whose } from '../../../../src/main/updates/kept/preferences.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { tempFolder } from '../../../ground/folder.ts';

async function somebody(folder: string): Promise<Whose> {
  const instance = instanceOf(layoutOf(folder), 'default');
  await mkdir(instance.folder, { recursive: true });
  return { instance, policyFile: join(folder, 'policy.json'), channel: 'stable' };
}

const isRoot = process.getuid?.() === 0;

describe('Preferences', () => {
  it('are the usual ones, with the channel of the installation, until something is set, and again once that is reset', async () => {
    await using folder = await tempFolder();
    const whose = { ...(await somebody(folder.path)), channel: 'beta' };
    expect(await readPreferences(whose)).toEqual({ values: { ...usualPreferences, channel: 'beta' }, managed: [], policyFile: null });
    await setPreferences({ autoUpdate: 'all', bandwidth: 50_000 }, whose);
    await setPreferences({ theme: 'dark' }, whose);
    const { values } = await readPreferences(whose);
    expect(values).toEqual({ ...usualPreferences, channel: 'beta', autoUpdate: 'all', bandwidth: 50_000, theme: 'dark' });
    expect(JSON.parse(await readFile(join(whose.instance.folder, 'preferences.json'), 'utf8'))).toEqual({
      autoUpdate: 'all',
      bandwidth: 50_000,
      theme: 'dark',
    });
    await resetPreferences(['autoUpdate', 'bandwidth'], whose);
    expect((await readPreferences(whose)).values).toEqual({ ...usualPreferences, channel: 'beta', theme: 'dark' });
  });

  it('R15 that are damaged fall back field by field', async () => {
    await using folder = await tempFolder();
    const whose = await somebody(folder.path);
    const file = join(whose.instance.folder, 'preferences.json');
    await writeFile(file, '{"autoUpdate":"never","theme":"dark","from-the-future":1}');
    expect((await readPreferences(whose)).values).toEqual({ ...usualPreferences, theme: 'dark' });
    for (const damaged of ['', '{"theme":', '[]', 'null', '\u0000\u0001']) {
      await writeFile(file, damaged);
      expect((await readPreferences(whose)).values).toEqual(usualPreferences);
    }
    await setPreferences({ theme: 'light' }, whose);
    expect((await readPreferences(whose)).values.theme).toBe('light');
  });

  it.runIf(isRoot)("are overridden by an administrator's file, which is shown and cannot be set over", async () => {
    await using folder = await tempFolder();
    const whose = await somebody(folder.path);
    await setPreferences({ autoUpdate: 'ask', theme: 'dark' }, whose);
    await writeFile(whose.policyFile, '{"autoUpdate":"security","telemetry":"yes"}', { mode: 0o644 });
    const { values, managed, policyFile } = await readPreferences(whose);
    expect({ values, managed, policyFile }).toEqual({
      values: { ...usualPreferences, autoUpdate: 'security', theme: 'dark' },
      managed: ['autoUpdate'],
      policyFile: whose.policyFile,
    });
    await expect(setPreferences({ autoUpdate: 'all' }, whose)).rejects.toThrow(/usage\/wrong: autoUpdate is set by an administrator/);
    await expect(resetPreferences(['autoUpdate'], whose)).rejects.toThrow(/usage\/wrong/);
    await setPreferences({ theme: 'light' }, whose);
    expect((await readPreferences(whose)).values.theme).toBe('light');
  });

  it.runIf(isRoot && process.platform !== 'win32')('S27 are not overridden by a file that somebody else could have written', async () => {
    await using folder = await tempFolder();
    const whose = await somebody(folder.path);
    await writeFile(whose.policyFile, '{"autoUpdate":"all"}');
    for (const mode of [0o666, 0o664, 0o646]) {
      await chmod(whose.policyFile, mode);
      expect((await readPreferences(whose)).managed).toEqual([]);
    }
    await chmod(whose.policyFile, 0o644);
    await chmod(folder.path, 0o777);
    expect((await readPreferences(whose)).managed).toEqual([]);
    await chmod(folder.path, 0o755);
    expect((await readPreferences(whose)).managed).toEqual(['autoUpdate']);
  });
});
