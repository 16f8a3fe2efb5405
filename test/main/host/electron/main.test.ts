/** The real main process and the real preload bundle on a fake Electron: what they do, and what they do not let happen. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../../../ground/folder.ts';
import { healthOf, installOne, startProgram, type Installed, type Running } from './program.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let installed: Installed;
let program: Running;

beforeAll(async () => {
  folder = await tempFolder();
  installed = await installOne(folder.path);
  program = startProgram([], installed.environment);
  await untilShown(program);
});

afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Seen {
  readonly isSandboxed: boolean;
  readonly schemes: readonly unknown[];
  readonly paths: Readonly<Record<string, string>>;
  readonly theme: string;
  readonly tooltips: readonly string[];
  readonly windows: readonly {
    readonly options: { readonly webPreferences: unknown };
    readonly calls: readonly unknown[];
    readonly world: readonly string[];
  }[];
}

async function seen(running = program): Promise<Seen> {
  return (await running.does('seen')) as Seen;
}

function untilShown(running: Running): Promise<void> {
  return until(async () => (await seen(running)).windows[0]?.calls.includes('show') === true);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const ours = { origin: 'moult://app', parent: null, detached: false };

describe('the window', () => {
  test('is sandboxed, apart from its preload, without Node, and asks no server for dictionaries', async () => {
    const { isSandboxed, windows } = await seen();
    expect(isSandboxed).toBe(true);
    expect(windows[0]?.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
    });
  });

  test('is shown when its page is loaded, whether or not it was ever painted', async () => {
    expect((await seen()).windows[0]?.calls.slice(0, 2)).toEqual(['load moult://app/', 'show']);
  });

  test('finds a transport in its world, and nothing of Electron', async () => {
    expect((await seen()).windows[0]?.world).toEqual(['moult', 'window', 'navigator']);
    expect(await program.does('transport')).toEqual({ ask: 'function', watch: 'function' });
  });

  test("keeps its profile in the program's epoch", async () => {
    expect((await seen()).paths).toEqual({ userData: `${installed.epoch}/profile/electron` });
  });

  test('comes back after a crash, once a minute at most, and not when it was closed', async () => {
    const reloads = async (): Promise<number> => (await seen()).windows[0]?.calls.filter((call) => call === 'reload').length ?? 0;
    await program.does('crash', 'clean-exit');
    expect(await reloads()).toBe(0);
    await program.does('crash', 'crashed');
    await program.does('crash', 'crashed');
    expect(await reloads()).toBe(1);
  });

  test('comes to the front when the program is started a second time', async () => {
    await program.does('application', 'second-instance');
    await until(async () => (await seen()).windows[0]?.calls.at(-1) === 'focus');
    expect((await seen()).windows).toHaveLength(1);
  });
});

describe('its pages', () => {
  test('are served under a scheme of their own, with a policy that lets nothing else in', async () => {
    expect((await seen()).schemes).toMatchObject([{ scheme: 'moult', privileges: { standard: true, secure: true } }]);
    const page = (await program.does('get', 'moult://app/')) as { status: number; headers: Record<string, string> };
    expect(page.status).toBe(200);
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "connect-src 'self'"]),
    );
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
  });

  const elsewhere = [
    ['a climbing path', 'moult://app/../electron/preload.cjs', {}],
    ['an escaped climbing path', 'moult://app/%2e%2e%2felectron%2fpreload.cjs', {}],
    ['an absolute path', 'moult://app//etc/passwd', {}],
    ['a hidden file', 'moult://app/.env', {}],
    ['another host', 'moult://other/', {}],
    ['a longer host', 'moult://app.example/', {}],
    ['another scheme', 'file:///etc/passwd', {}],
    ['a request that writes', 'moult://app/', { method: 'POST' }],
    ['a request of another origin', 'moult://app/', { initiatorOrigin: 'https://example.com' }],
    ['a request without an origin', 'moult://app/', { initiatorOrigin: 'null' }],
  ] as const;
  test.each(elsewhere)('are not %s', async (_, url, asked) => {
    expect(await program.does('get', url, asked)).toMatchObject({ status: 404, body: '' });
  });
});

describe('a page', () => {
  test.each([
    ['another site', 'https://example.com/', true],
    ['a file', 'file:///etc/passwd', true],
    ['a script', 'javascript:alert(1)', true],
    ['a lookalike', 'moult://app.example.com/', true],
    ['a frame, even to itself', 'moult://app/', false],
  ])('does not go to %s', async (_, url, isMainFrame) => {
    expect(await program.does('navigate', 'will-frame-navigate', url, isMainFrame)).toBe(true);
    expect(await program.does('navigate', 'will-redirect', url, isMainFrame)).toBe(true);
  });

  test('may load itself again', async () => {
    expect(await program.does('navigate', 'will-frame-navigate', 'moult://app/', true)).toBe(false);
  });

  test('opens no windows, embeds nothing, downloads nothing', async () => {
    expect(await program.does('open', 'https://example.com/')).toEqual({ action: 'deny' });
    expect(await program.does('open', 'moult://app/')).toEqual({ action: 'deny' });
    expect(await program.does('contents', 'will-attach-webview')).toBe(true);
    expect(await program.does('download')).toBe(true);
  });

  test.each([
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'fileSystem',
    'openExternal',
    'usb',
    'hid',
    'serial',
    'local-network',
  ])('is not allowed %s', async (permission) => {
    expect(await program.does('permission', permission, 'moult://app')).toEqual({ request: false, check: false });
  });

  test('may put text where a person pastes it from, if it is ours', async () => {
    const permission = 'clipboard-sanitized-write';
    expect(await program.does('permission', permission, 'moult://app')).toEqual({ request: true, check: true });
    expect(await program.does('permission', permission, 'https://example.com')).toEqual({ request: false, check: false });
  });

  test('gets no device, no picture of the screen, and no network', async () => {
    expect(await program.does('device')).toBe(false);
    expect(await program.does('capture')).toBe(null);
    const addresses = [
      'https://example.com/',
      'http://127.0.0.1:80/',
      'ws://localhost/',
      'file:///etc/passwd',
      'moult://other/',
      'moult://app/a.js',
    ];
    const reached = [];
    for (const url of addresses) reached.push(await program.does('reach', url));
    expect(reached).toEqual([...Array.from({ length: 5 }, () => ({ cancel: true })), { cancel: false }]);
  });
});

describe('the wire', () => {
  test('answers commands', async () => {
    expect(await program.does('ask', 'notes/write', { id: null, text: 'buy milk' })).toMatchObject({ answer: { title: 'buy milk' } });
  });

  test.each([
    ['no/such', {}],
    ['__proto__', {}],
    ['notes/write', { id: 'x', text: 1 }],
    ['notes/write', new Map([['id', null]])],
    ['snapshots/delete', { id: 10n }],
  ])('answers what is wrong with %s by a failure', async (name, input) => {
    expect(await program.does('ask', name, input)).toMatchObject({ failure: { code: 'usage/wrong' } });
  });

  test('has nothing for a command without a name', async () => {
    await expect(program.does('ask', 7, {})).rejects.toThrow('a command has a name');
  });

  test('tells every topic as it is now, then each change, until nobody listens any more', async () => {
    await program.does('watch');
    const topics = ((await heard(10)) as { topic: string }[]).map(({ topic }) => topic);
    expect(topics.slice(0, 2)).toEqual(['about', 'preferences']);
    await program.does('ask', 'notes/write', { id: null, text: 'more milk' });
    expect((await heard(1)).at(-1)).toMatchObject({ topic: 'notes' });
    await program.does('unwatch');
    await program.does('lines');
    await program.does('ask', 'notes/write', { id: null, text: 'no milk' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(((await program.does('lines')) as unknown[]).filter((line) => line !== null)).toEqual([]);
  });

  const strangers = [
    ['another origin', { ...ours, origin: 'https://example.com' }],
    ['a frame within our page', { ...ours, parent: ours }],
    ['a frame that is gone', { ...ours, detached: true }],
    ['nobody', null],
  ] as const;
  test.each(strangers)('is closed to %s', async (_, frame) => {
    await expect(program.does('askAs', frame, 'notes/list')).rejects.toThrow('refused');
    expect(await program.does('watchAs', frame)).toEqual({ end: 'closed', lines: 0 });
  });

  test('is open to our own page', async () => {
    expect(await program.does('askAs', ours, 'notes/list')).toHaveProperty('answer');
    expect(await program.does('watchAs', ours)).toMatchObject({ end: 'open' });
  });

  async function heard(atLeast: number): Promise<readonly unknown[]> {
    const lines: unknown[] = [];
    await until(async () => lines.push(...((await program.does('lines')) as unknown[])) >= atLeast);
    return lines;
  }
});

describe('the host', () => {
  test('follows the theme that the person set', async () => {
    await program.does('ask', 'prefs/set', { theme: 'dark' });
    await until(async () => (await seen()).theme === 'dark');
  });

  test.each([
    ['the person’s language', ['de-AT', 'en'], 'Version 2.0.0 ist verfügbar.'],
    ['the first that there are words in', ['fr', 'ar'], 'الإصدار 2.0.0 متاح.'],
    ['English else', ['fr'], 'Version 2.0.0 is available.'],
  ])('says what happened in %s', async (_, languages, words) => {
    expect(await program.does('words', { code: 'available', version: '2.0.0' }, languages)).toBe(words);
  });

  test('has the engine work in a utility process', async () => {
    expect(await program.does('ask', 'snapshots/create', {})).toMatchObject({ answer: { kind: 'manual', version: '1.0.0' } });
  });
});

describe('an update', () => {
  test('is checked for, fetched, built and looked over by the engine, without a Node to be found', async () => {
    await installed.publisher.release('1.1.0', { 'a.txt': 'b', 'a.js': 'export const a = 1;\n', 'b.cjs': 'return 1;\n' });
    expect(await program.does('ask', 'updates/check', {})).toMatchObject({ answer: { kind: 'available', version: '1.1.0' } });
    await program.does('watch');
    await program.does('ask', 'updates/decide', { version: '1.1.0', decision: 'now' });
    const lines: unknown[] = [];
    await until(async () => {
      lines.push(...((await program.does('lines')) as unknown[]));
      return lines.some((line) => /"topic":"update".*"kind":"(?:ready|failed|restarting)"/.test(JSON.stringify(line)));
    });
    expect(lines.filter((line) => JSON.stringify(line).includes('"kind":"failed"'))).toEqual([]);
  });
});

describe('a start', () => {
  test('says each stage, ready when the page watches, and ends by the wish of its user when its window is closed', async () => {
    await using another = startProgram([], installed.environment);
    const before = (await healthOf(installed)).length;
    await untilShown(another);
    await another.does('watch');
    await until(async () => (await healthOf(installed)).length >= before + 5);
    await another.does('application', 'window-all-closed');
    expect(await another.ended).toMatchObject({ code: 0, stderr: '' });
    expect((await healthOf(installed)).slice(before)).toEqual([
      { stage: 'loaded' },
      { stage: 'config' },
      { stage: 'database' },
      { stage: 'page' },
      { stage: 'ready' },
      { quitting: 'user' },
    ]);
  });

  test.each(['power', 'window'] as const)('ends with the session, whether the system or a window (%s) is told', async (teller) => {
    await using another = startProgram([], installed.environment);
    await untilShown(another);
    await another.does(teller, teller === 'power' ? 'shutdown' : 'query-session-end');
    expect((await another.ended).code).toBe(0);
    expect((await healthOf(installed)).at(-1)).toEqual({ quitting: 'session' });
  });

  test("is told by Electron's own ways to quit, which do not end it by themselves", async () => {
    await using another = startProgram([], installed.environment);
    await untilShown(another);
    expect(await another.does('application', 'before-quit')).toBe(true);
    expect((await another.ended).code).toBe(0);
  });

  test('leaves when the window of its profile is open already', async () => {
    await using another = startProgram([], { ...installed.environment, FAKE_SECOND: '1' });
    expect(await another.ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await healthOf(installed)).at(-1)).toEqual({ quitting: 'user' });
  });

  test('does not touch a profile that a newer Chromium wrote', async () => {
    await using another = startProgram([], { ...installed.environment, FAKE_CHROME: '140.0.0.0' });
    expect((await another.ended).stderr).toBe('switch/data: Chromium 146 wrote the profile; this is 140\n');
    expect((await healthOf(installed)).at(-1)).toEqual({ unhealthy: 'switch/data: Chromium 146 wrote the profile; this is 140' });
  });

  test('rehearses, without a window', async () => {
    await using another = startProgram([], { ...installed.environment, MOULT_MODE: 'preflight' });
    expect(await another.ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await healthOf(installed)).slice(-2)).toEqual([{ stage: 'service' }, { stage: 'ready' }]);
  });

  test('is the command when nobody started it by the contract, and its engine works in a utility process too', async () => {
    const root = String(installed.environment['MOULT_ROOT']);
    await using status = startProgram(['--ozone-platform=headless', '--moult', '--root', root, '--json', 'status'], {});
    const { code, stdout } = await status.ended;
    expect({ code, status: JSON.parse(stdout) }).toMatchObject({ code: 0, status: { version: '1.0.0' } });
    await using snapshot = startProgram(['--root', root, '--json', 'snapshot', 'create'], {});
    expect(JSON.parse((await snapshot.ended).stdout)).toMatchObject({ kind: 'manual' });
  });
});
