/** The browser host with browsers that are small scripts, and what it makes of windows that come and go. */
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Contract } from '../../../src/main/contract/serve.ts';
import { browser } from '../../../src/main/host/browser.ts';
import { hostFor } from '../../../src/main/host/choose.ts';
import { openDoor } from '../../../src/main/host/door/door.ts';
import type { HostSignal } from '../../../src/main/host/host.ts';
import { openPresence } from '../../../src/main/host/presence.ts';
import { findBrowser } from '../../../src/main/host/window/chromium.ts';
import { tempFolder } from '../../ground/folder.ts';
import { enter, send } from './asking.ts';

const contract: Contract = {
  ask: async () => ({ answer: null }),
  watch: () => ({ [Symbol.dispose]: () => undefined }),
};

/** Opens the host with a browser that does what a shell script says, and shows a window. */
async function show(folder: string, script: string) {
  const program = join(folder, 'browser');
  await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$@" > "${folder}/said"; echo $$ > "${folder}/pid"\n${script}\n`);
  await chmod(program, 0o755);
  vi.stubEnv('MOULT_BROWSER', program);
  const opened = new AsyncDisposableStack();
  const door = opened.use(await openDoor({ contract, pages: null }));
  const scratch = join(folder, 'window');
  const host = opened.use(await browser.open({ contract, door, profile: join(folder, 'profile'), scratch }));
  const signals: HostSignal[] = [];
  host.watch((signal) => signals.push(signal));
  await host.show();
  return { door, host, signals, scratch, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** How long something may take on a busy machine. */
const patiently = { timeout: 60_000 };

const lines = async (path: string): Promise<readonly string[]> => (await readFile(path, 'utf8').catch(() => '')).trim().split('\n');

describe('the browser host', () => {
  const printed = vi.spyOn(process.stdout, 'write');
  beforeEach(() => printed.mockReset().mockReturnValue(true));
  afterEach(() => vi.unstubAllEnvs());

  it('opens a window of its own profile by a page that only this user can read, and closes it in the end', async () => {
    await using folder = await tempFolder();
    await using shown = await show(folder.path, 'exec sleep 60');
    await expect.poll(() => lines(join(folder.path, 'said')), patiently).toContain(`--user-data-dir=${join(folder.path, 'profile')}`);
    const [app = ''] = await lines(join(folder.path, 'said'));
    const page = await readFile(app.replace('--app=file://', ''), 'utf8');
    const ticket = new RegExp(`url=${shown.door.url}/#([\\w-]{43})"`).exec(page)?.[1] ?? '';
    const key = await enter(shown.door.url, ticket);
    await send(shown.door.url, { path: '/v1/commands/window/busy', key });
    expect([shown.signals, shown.host.conditions().idleMs < 60_000, shown.host.conditions().sinceTypingMs < 60_000]).toEqual([
      ['activity'],
      true,
      true,
    ]);
    const [pid] = await lines(join(folder.path, 'pid'));
    await shown[Symbol.asyncDispose]();
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect([await readdir(folder.path), printed.mock.calls]).toEqual([['browser', 'pid', 'said'], []]);
  });

  it.each(['exit 1', 'kill -SEGV $$'])('says where the way in lies when its browser fails: %s', async (script) => {
    await using folder = await tempFolder();
    await using shown = await show(folder.path, script);
    await expect.poll(() => shown.signals, patiently).toEqual(['unshown', 'usable']);
    const [page = ''] = await readdir(shown.scratch);
    expect(printed.mock.calls.flat().join('')).toContain(join(shown.scratch, page));
  });

  it('kills a browser that does not go', async () => {
    await using folder = await tempFolder();
    const shown = await show(folder.path, "trap '' TERM; while :; do sleep 1; done");
    await expect.poll(() => lines(join(folder.path, 'pid')), patiently).toEqual([expect.stringMatching(/^\d+$/)]);
    await shown[Symbol.asyncDispose]();
    const [pid] = await lines(join(folder.path, 'pid'));
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it('is chosen where a window can be shown, unless somebody says otherwise', async () => {
    await using folder = await tempFolder();
    const chromium = join(folder.path, 'chromium');
    await writeFile(chromium, '');
    const there = { PATH: `/nowhere:${folder.path}`, DISPLAY: ':0' };
    expect(findBrowser(there)).toBeNull();
    await chmod(chromium, 0o755);
    const found = [there, { ...there, DISPLAY: '' }, { ...there, MOULT_BROWSER: 'none' }, { MOULT_BROWSER: '/other' }].map(findBrowser);
    expect(found).toEqual([chromium, null, null, '/other']);
    expect([hostFor(null, there), hostFor(null, {}), hostFor('headless', there), hostFor('browser', {})].map(({ kind }) => kind)).toEqual([
      'browser',
      'headless',
      'headless',
      'browser',
    ]);
    expect(() => hostFor('electron', there)).toThrow('usage/wrong');
  });
});

describe('presence', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('ends 20 seconds after the last window went, and not over a reload', () => {
    const said: HostSignal[] = [];
    using presence = openPresence({ goneMs: 20_000, now: () => Date.now(), say: (signal) => said.push(signal) });
    for (const windows of [1, 2, 1, 0]) presence.note({ kind: 'windows', windows });
    vi.advanceTimersByTime(19_000);
    presence.note({ kind: 'windows', windows: 1 });
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual(['usable']);
    presence.note({ kind: 'windows', windows: 0 });
    vi.advanceTimersByTime(19_999);
    expect(said).toEqual(['usable']);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(['usable', 'windows-gone']);
  });

  it('counts the time since somebody asked, and since somebody typed', () => {
    using presence = openPresence({ goneMs: 20_000, now: () => Date.now(), say: () => undefined });
    vi.advanceTimersByTime(1000);
    expect(presence.conditions()).toMatchObject({ idleMs: 1000, sinceTypingMs: Number.POSITIVE_INFINITY });
    presence.note({ kind: 'asked', command: 'window/busy' });
    vi.advanceTimersByTime(5000);
    presence.note({ kind: 'asked', command: 'notes/list' });
    vi.advanceTimersByTime(70);
    expect(presence.conditions()).toMatchObject({ idleMs: 70, sinceTypingMs: 5070 });
  });
});
