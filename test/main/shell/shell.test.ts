/** The shell as it is started: real processes under the real supervisor, asked the way commands and windows ask. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commands, isCommand, type CommandName } from '../../../src/main/contract/commands.ts';
import { findRunning, type Running } from '../../../src/main/shell/reach/running.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../src/updater/install/layout.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openGround, shellTree, type Ground } from '../../journeys/ground.ts';
import { enter, send } from '../host/asking.ts';

const moult = join(import.meta.dirname, '../../../src/main/cli/moult.mjs');

/** How long something may take on a busy machine. */
const patiently = { timeout: 120_000 };

interface Started extends AsyncDisposable {
  readonly running: Running;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly out: string; readonly err: string }>;
}

/** Starts what is installed, without a window to open, and waits until it can be asked. */
async function start(ground: Ground, ...wishes: readonly string[]): Promise<Started> {
  const args = [moult, '--root', ground.root, 'start', ...wishes];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MOULT_BROWSER: 'none' } });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(([out, err]) => ({
    exitCode: child.exitCode,
    out,
    err,
  }));
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    await ended;
  };
  return { running: await reach(instanceIn(ground)), ended, [Symbol.asyncDispose]: end };
}

function instanceIn({ root }: Ground): Instance {
  return instanceOf(layoutOf(root), 'default');
}

async function reach(instance: Instance): Promise<Running> {
  for (;;) {
    const running = await findRunning(instance);
    if (running !== null) return running;
    await sleep(50);
  }
}

async function run(ground: Ground, ...args: readonly string[]): Promise<{ readonly exitCode: number | null; readonly out: string }> {
  const child = spawn(process.execPath, [moult, '--root', ground.root, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { exitCode: child.exitCode, out };
}

const entranceSchema = z.object({ url: z.string(), key: z.string(), pid: z.int() });

async function entrance({ folder }: Instance) {
  return entranceSchema.parse(JSON.parse(await readFile(join(folder, 'app.json'), 'utf8')));
}

/** The present value of a topic that is a list. */
async function topic(name: string, instance: Instance): Promise<readonly unknown[]> {
  const { url, key } = await entrance(instance);
  const { body } = await fetch(`${url}/v1/topics`, { headers: { authorization: `Bearer ${key}` } });
  let text = '';
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    const line = text
      .split('\n')
      .slice(0, -1)
      .find((one) => one.startsWith(`{"topic":"${name}"`));
    if (line !== undefined) return z.object({ value: z.array(z.unknown()) }).parse(JSON.parse(line)).value;
  }
  throw new Error(`no topic ${name}`);
}

describe('the shell', () => {
  it('answers windows and commands, lets nobody else read how, and is gone with its files when its user quits', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    const instance = instanceIn(ground);
    await using started = await start(ground, '--host', 'browser');
    const [page] = await readdir(join(instance.folder, 'window'));
    const modes = ['app.json', 'window', `window/${page}`].map(async (name) => (await stat(join(instance.folder, name))).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o600, 0o700, 0o600]);
    const [, url = '', ticket = ''] =
      /url=([^#"]+)\/#([\w-]+)/.exec(await readFile(join(instance.folder, 'window', page ?? ''), 'utf8')) ?? [];
    const key = await enter(url, ticket);
    await send(url, { path: '/v1/commands/notes/write', key, body: { id: null, text: 'Milk' } });
    expect(await started.running.ask('notes/list', { search: 'mil' })).toMatchObject([{ id: 1, title: 'Milk' }]);
    expect(await started.running.ask('about/verify', {})).toMatchObject({ version: '1.0.0', damaged: [], files: 3 });
    await started.running.ask('app/quit', {});
    expect(await started.ended).toMatchObject({ exitCode: 0, out: expect.stringContaining(page ?? 'no page') });
    expect([await findRunning(instance), await readdir(instance.folder)]).toEqual([
      null,
      expect.not.arrayContaining(['app.json', 'window']),
    ]);
  });

  it('restarts into what was prepared, by the wish of a command, under the same supervisor', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using started = await start(ground, '--host', 'headless');
    const before = await entrance(instanceIn(ground));
    await started.running.ask('notes/write', { id: null, text: 'Kept' });
    await ground.publisher.release('1.1.0', shellTree('two'));
    expect(await run(ground, '--json', 'update', '--restart')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('"to": "1.1.0"'),
    });
    await expect.poll(() => currentGeneration(instanceIn(ground)), patiently).toMatchObject({ version: '1.1.0', state: 'trying' });
    const after = await reach(instanceIn(ground));
    expect(await after.ask('notes/list', {})).toMatchObject([{ title: 'Kept' }]);
    expect((await entrance(instanceIn(ground))).pid).not.toBe(before.pid);
    expect(await after.ask('history/back', { generation: 1 })).toEqual({ kind: 'staged', version: '1.0.0', generation: 3 });
    await expect
      .poll(async () => (await topic('history', instanceIn(ground))).slice(0, 2), patiently)
      .toMatchObject([
        { generation: 3, version: '1.0.0', why: 'rollback', state: 'staged', by: 'user', isRunning: false },
        { generation: 2, version: '1.1.0', why: 'update', isRunning: true },
      ]);
    await after.ask('app/quit', {});
    expect(await started.ended).toMatchObject({ exitCode: 0 });
  });

  it('R11 is shown by a second start, and goes back at its next one', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using started = await start(ground, '--host', 'browser');
    const pages = () => readdir(join(instanceIn(ground).folder, 'window'));
    expect([await pages(), (await run(ground, 'start')).exitCode]).toEqual([[expect.any(String)], 0]);
    expect(await pages()).toHaveLength(2);
    const snapshot = await started.running.ask('snapshots/create', { note: 'before' });
    await started.running.ask('notes/write', { id: null, text: 'Later' });
    expect(await run(ground, 'snapshot', 'restore', snapshot.id)).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('The next start'),
    });
    expect(await started.running.ask('notes/list', {})).toHaveLength(1);
    await expect.poll(() => started.running.ask('updates/restart', { when: 'now' }).catch(() => 'not yet'), patiently).toBeNull();
    await expect.poll(async () => (await currentGeneration(instanceIn(ground)))?.why, patiently).toBe('restore');
    expect(await (await reach(instanceIn(ground))).ask('notes/list', {})).toEqual([]);
  });

  it('looks over and mends its own files while it runs, by the wish of a window and of a command', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using started = await start(ground, '--host', 'headless');
    expect(await started.running.ask('health/check', {})).toMatchObject({ report: { findings: [] }, plan: { steps: [], left: [] } });
    const name = (await readdir(join(ground.root, 'versions'))).find((each) => !/\.(json|boot)$/.test(each)) ?? '';
    const damage = (): Promise<void> => writeFile(join(ground.root, 'versions', name, 'about.txt'), 'two\n');
    await damage();
    expect(await started.running.ask('health/check', {})).toMatchObject({ report: { findings: [{ code: 'file/damaged' }] } });
    expect(await started.running.ask('health/repair', {})).toMatchObject({ report: { findings: [] }, fetched: 1, failures: [] });
    await damage();
    expect(await run(ground, 'repair')).toMatchObject({ exitCode: 0, out: expect.stringContaining('as it should be again') });
    expect(await readFile(join(ground.root, 'versions', name, 'about.txt'), 'utf8')).toBe('one\n');
  });

  it('ignores what a killed program left behind', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    const started = await start(ground, '--host', 'headless');
    process.kill((await entrance(instanceIn(ground))).pid, 'SIGKILL');
    await started.ended;
    expect([await readdir(instanceIn(ground).folder), await findRunning(instanceIn(ground))]).toEqual([
      expect.arrayContaining(['app.json']),
      null,
    ]);
  });
});

const replySchema = z.union([z.strictObject({ answer: z.unknown() }), z.strictObject({ failure: z.object({ code: z.string() }) })]);
const bug = expect.objectContaining({ code: 'bug/unexpected' });

const hostile: readonly unknown[] = [
  null,
  'x',
  0,
  [],
  [{}],
  { '': 1 },
  { constructor: 1 },
  { extra: true },
  { id: '../../../etc/passwd' },
  { id: -1 },
  { id: Number.MAX_SAFE_INTEGER },
  { id: null, text: 'x'.repeat(1_000_001) },
  { id: 99_999, text: 'nobody' },
  { id: "'; DROP TABLE notes; --" },
  { to: 'relative' },
  { to: '/proc/self/nowhere/at/all' },
  { to: '/etc/passwd' },
  { to: '/etc/passwd/below' },
  { to: `/tmp/${'x'.repeat(300)}` },
  { to: '/dev/shm\0' },
  { generation: 99_999, data: null },
  { generation: 0 },
  { from: 1, to: 99_999 },
  { from: 1, to: 1, path: '../../../../etc/passwd' },
  { from: 1, to: 1, path: '\0' },
  { search: '" OR * NEAR( ^ -' },
  { search: 'x'.repeat(1001) },
  { version: '../1.0.0', decision: 'now' },
  { version: '9.9.9', decision: 'now' },
  { version: '9.9.9', decision: 'skip', hours: 5 },
  { version: '9.9.9', choice: 'fresh', understood: true },
  { version: '9.9.9' },
  { names: ['__proto__'] },
  { channel: '../x' },
  { proxy: 'x'.repeat(3000) },
  { note: 'x'.repeat(501) },
  { when: 'never' },
  { isBusy: 'yes' },
];

describe('hostile input', () => {
  const opened = new AsyncDisposableStack();
  let running: Running;
  let where: Instance;

  beforeAll(async () => {
    const ground = opened.use(await openGround(opened.use(await tempFolder()).path));
    running = opened.use(await start(ground, '--host', 'headless')).running;
    where = instanceIn(ground);
  });
  afterAll(() => opened.disposeAsync());

  // These two do what they are for, whoever asks.
  const names = Object.keys(commands)
    .filter(isCommand)
    .filter((name) => name !== 'app/quit' && name !== 'snapshots/create');

  it.each(names)('to %s ends in an answer or a failure that is no bug', async (name: CommandName) => {
    const { url, key } = await entrance(where);
    for (const body of hostile) {
      const { status, text } = await send(url, { path: `/v1/commands/${name}`, key, body });
      expect([status, body, replySchema.parse(JSON.parse(text))]).toEqual([200, body, expect.not.objectContaining({ failure: bug })]);
    }
    expect(await running.ask('notes/list', {})).toEqual(expect.any(Array));
  });
});
