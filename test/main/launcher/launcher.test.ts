import { appendFile, chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { tempFolder } from '../../ground/folder.ts';
import { digestOf } from '../../ground/manifests.ts';
import {
  engineTree,
  folderOf,
  launch,
  launcher,
  openGround,
  plainTree,
  runCommand,
  withoutDisplay,
  type Ground,
  type Said,
} from './ground.ts';

type Trees = typeof engineTree | typeof plainTree;

const prepared = new Map<Trees, { readonly root: string; readonly older: Manifest; readonly newer: Manifest }>();
let workshop: Awaited<ReturnType<typeof tempFolder>>;

beforeAll(async () => {
  workshop = await tempFolder();
  for (const trees of [engineTree, plainTree]) {
    const ground = await openGround(join(workshop.path, trees.name, 'root'));
    const older = await ground.version('1.0.0', trees('1.0.0'));
    const newer = await ground.version('1.1.0', trees('1.1.0'));
    await ground.generation(older);
    await ground.generation(newer);
    prepared.set(trees, { root: ground.root, older, newer });
  }
});

afterAll(() => workshop[Symbol.asyncDispose]());

/** An installation with two good generations; the engines say what they are asked for. */
async function twoVersions(folder: string, trees: Trees = engineTree) {
  const made = prepared.get(trees);
  if (made === undefined) throw new Error('not prepared');
  await cp(made.root, join(folder, 'root'), { recursive: true, preserveTimestamps: true });
  return { ...made, ground: await openGround(join(folder, 'root'), 2) };
}

describe('the launcher', () => {
  it('starts the current version through the engine that it carries, with what it was given', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path);
    expect(await launch(ground, '--host', 'two words')).toEqual({ code: 0, out: 'engine 1.1.0: start --host two words\n', err: '' });
  });

  it('is found through a link and from any folder, in a place with spaces in its name', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(join(folder.path, 'a  place'));
    await symlink(join(ground.root, 'boot', 'moult'), join(folder.path, 'link'));
    expect(await runCommand([join(folder.path, 'link')], withoutDisplay())).toMatchObject({ code: 0, out: 'engine 1.1.0: start\n' });
  });

  it('starts a program without an engine as the boot contract says, and returns its exit code', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path, plainTree);
    const name = folderOf(ground, newer).split('/').at(-1);
    expect(await launch(ground, 'x')).toEqual({
      code: 5,
      out: `app 1.1.0 in ${name}: 4 run 2 2\n<one><two words><back\\slash\nand line\n><x>`,
      err: '',
    });
  });

  it('S14 finds a changed native module, entry or engine, and one without its mode, before that code runs, and hands over to the version before', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path);
    const files = folderOf(ground, newer);
    const said: Said[] = [];
    for (const path of ['lib/it.node', 'app', 'moult', 'resources/app/dist/src/main/cli/moult.mjs']) {
      const before = await readFile(join(files, path));
      await appendFile(join(files, path), ' ');
      said.push(await launch(ground));
      await writeFile(join(files, path), before);
    }
    await chmod(join(files, 'app'), 0o644);
    said.push(await launch(ground));
    await chmod(join(files, 'app'), 0o755);
    const handedOver = { code: 0, out: 'engine 1.0.0: start\n', err: expect.stringContaining('1.1.0-') };
    expect(said).toEqual(said.map(() => handedOver));
    expect((await launch(ground)).out).toBe('engine 1.1.0: start\n');
  });

  it('hands over when the current version is gone, or its engine cannot be run', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path);
    await rename(folderOf(ground, newer), join(folder.path, 'away'));
    expect((await launch(ground)).out).toBe('engine 1.0.0: start\n');
    const broken = await ground.version('1.2.0', engineTree('1.2.0', 127));
    await ground.generation(broken, { previous: 1 });
    expect(await launch(ground)).toMatchObject({ code: 0, out: 'engine 1.2.0: start\nengine 1.0.0: start\n' });
  });

  it('lets the version before watch one that has to prove itself, and starts no bad one', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path);
    const said: string[] = [];
    for (const state of ['staged', 'trying', 'bad'] as const) {
      await ground.generation(newer, { state, previous: 1 });
      said.push((await launch(ground)).out);
    }
    expect(said).toEqual(said.map(() => 'engine 1.0.0: start\n'));
  });

  it('lets an engine from elsewhere start what carries none', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path, plainTree);
    const script = join(folder.path, 'engine.sh');
    await writeFile(script, 'echo "from elsewhere: $*"\n');
    await writeFile(join(ground.root, 'boot', 'engine'), `/bin/sh\n${script}\n`);
    expect(await launch(ground, '--host', 'headless')).toMatchObject({
      code: 0,
      out: `from elsewhere: --root ${ground.root} --instance default start --host headless\n`,
    });
    await rm(script);
    expect(await launch(ground)).toMatchObject({ code: 5, out: expect.stringMatching(/^app 1\.1\.0/) });
  });

  it('says that content has no program, that there is nothing, and that an option is wrong', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    expect(await launch(ground)).toMatchObject({ code: 4, err: expect.stringContaining('no version') });
    await ground.generation(await ground.version('1.0.0', { 'a.txt': 'a' }, null));
    expect(await launch(ground)).toMatchObject({ code: 2, err: expect.stringContaining('content only') });
    expect(await launch(ground, '--instance', '../x')).toMatchObject({ code: 2 });
  });

  it('starts each instance with its own version', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path);
    const other = join(ground.layout.instances, 'other');
    await cp(ground.instance.folder, other, { recursive: true });
    await writeFile(join(other, 'current.json'), '{"generation":1}\n');
    expect((await launch(ground, '--instance', 'other')).out).toBe('engine 1.0.0: start\n');
  });
});

describe('records that cannot be read', () => {
  const damages: Readonly<Record<string, (ground: Ground) => Promise<unknown>>> = {
    'the pointer is empty': ({ instance }) => truncate(instance.pointer),
    'the pointer is cut off': ({ instance }) => truncate(instance.pointer, 12),
    'the pointer is gone': ({ instance }) => rm(instance.pointer),
    'the pointer is garbage': ({ instance }) => writeFile(instance.pointer, Buffer.from([0, 255, 10, 34, 0])),
    'the pointer has two lines': ({ instance }) => appendFile(instance.pointer, '{"generation":1}\n'),
    'the pointer has two numbers': ({ instance }) => writeFile(instance.pointer, '{"generation":2,"generation":1}\n'),
    'the pointer names no whole number': ({ instance }) => writeFile(instance.pointer, '{"generation":2.0}\n'),
    'the pointer names a path': ({ instance }) => writeFile(instance.pointer, '{"generation":../../2}\n'),
    'the pointer points nowhere': ({ instance }) => writeFile(instance.pointer, '{"generation":7}\n'),
    'the pointer is a link': async ({ instance }) => {
      await rename(instance.pointer, `${instance.pointer}.away`);
      await symlink(`${instance.pointer}.away`, instance.pointer);
    },
    'the pointer is a folder': async ({ instance }) => {
      await rm(instance.pointer);
      await mkdir(instance.pointer);
    },
    'the pointer is from a newer schema': ({ instance }) => writeFile(instance.pointer, '{"generation":2,"schema":2}\n'),
    'the record is gone': ({ instance }) => rm(join(instance.generations, '2.json')),
    'the record is cut off': ({ instance }) => truncate(join(instance.generations, '2.json'), 100),
    'the record is empty': ({ instance }) => truncate(join(instance.generations, '2.json')),
    'the record is another one': ({ instance }) => cp(join(instance.generations, '1.json'), join(instance.generations, '2.json')),
    'the list is cut off': ({ layout }) => changeList(layout.versions, '1.1.0', (text) => text.slice(0, -30)),
    'the list lacks a line': ({ layout }) => changeList(layout.versions, '1.1.0', (text) => text.replace(/\n[0-9a-f]{64} .*\n/, '\n')),
    'the list has a line of garbage': ({ layout }) => changeList(layout.versions, '1.1.0', (text) => text.replace(/\n[0-9a-f]{60}/, '\n')),
    'the list is from a newer schema': ({ layout }) => changeList(layout.versions, '1.1.0', (text) => text.replace('list 1', 'list 2')),
    'the list is gone': ({ layout }) => changeList(layout.versions, '1.1.0', () => ''),
  };

  for (const [what, damage] of Object.entries(damages)) {
    it(`R15 ${what}: another whole version starts`, async () => {
      await using folder = await tempFolder();
      const { ground, older } = await twoVersions(folder.path);
      await damage(ground);
      // Where nothing says which one runs, the newest good one does: its engine then mends the records.
      const isKnown = what.startsWith('the pointer');
      expect(await launch(ground)).toMatchObject({
        code: 0,
        out: `engine ${isKnown ? '1.1.0' : '1.0.0'}: start\n`,
        err: expect.stringMatching(/./),
      });
      expect(await readdir(join(folderOf(ground, older)))).toContain('app');
    });
  }

  it('R15 starts a whole version when every record of an instance is lost', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path);
    await rm(ground.instance.folder, { recursive: true });
    expect(await launch(ground)).toMatchObject({ code: 0, out: expect.stringMatching(/^engine 1\.[01]\.0: start\n$/) });
  });

  it('R15 lets the engine make a list anew that is lost for the only version', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    await ground.generation(await ground.version('1.0.0', engineTree('1.0.0')));
    await changeList(ground.layout.versions, '1.0.0', () => '');
    expect(await launch(ground)).toMatchObject({ code: 0, out: 'engine 1.0.0: start\n' });
  });

  it('takes fields that it does not know, and a failure that reads like a record, for what they are', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path);
    const detail = 'it said {"n":9,"state":"bad","version":"7.7.7"}, twice: "state":"bad",';
    const record = await ground.generation(newer, { failure: { code: 'start/failed', detail, retry: 'never' } });
    const path = join(ground.instance.generations, `${record.n}.json`);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"n":', '"more":{"a":[1,2]},"n":').replace('}\n', ',"zone":null}\n'));
    expect(await launch(ground)).toEqual({ code: 0, out: 'engine 1.1.0: start\n', err: '' });
  });
});

async function changeList(versions: string, version: string, change: (text: string) => string): Promise<void> {
  const name = (await readdir(versions)).find((each) => each.startsWith(version) && each.endsWith('.boot')) ?? '';
  const text = change(await readFile(join(versions, name), 'utf8'));
  await (text === '' ? rm(join(versions, name)) : writeFile(join(versions, name), text));
}

describe('the escape screen', () => {
  /** A window that answers with the next line of a file, once each. */
  const zenity = `#!/bin/sh
case $1 in --list) ;; *) echo "$*" >>"$ANSWERS.told"; exit 0 ;; esac
read -r answer <"$ANSWERS" || exit 1
sed -i 1d "$ANSWERS"
echo "$answer"
`;

  async function answering(folder: string, answers: readonly string[]): Promise<NodeJS.ProcessEnv> {
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'bin', 'zenity'), zenity, { mode: 0o755 });
    await writeFile(join(folder, 'answers'), answers.map((answer) => `${answer}\n`).join(''));
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    return { ...withoutDisplay(), PATH, DISPLAY: ':7', ANSWERS: join(folder, 'answers'), HOME: folder };
  }

  it('opens with --safe: goes back, repairs and starts, starts without evolutions, saves a support file', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path);
    const open = async (...answers: string[]) =>
      runCommand([join(ground.root, 'boot', 'moult'), '--safe'], await answering(folder.path, answers));
    expect(await open('Go back to the version before')).toMatchObject({
      code: 0,
      out: 'engine 1.1.0: --yes rollback\nengine 1.1.0: start\n',
    });
    expect(await open('Start without evolutions')).toMatchObject({ code: 0, out: 'engine 1.1.0: start --safe\n' });
    expect(await open('Repair the files')).toMatchObject({ code: 0, out: 'engine 1.1.0: repair\nengine 1.1.0: start\n' });
    expect(await open('Save a support file', 'Leave')).toMatchObject({ code: 0, out: '' });
    expect(await readFile(join(folder.path, 'answers.told'), 'utf8')).toMatch(/Saved: .*moult-support-/);
  });

  it('opens when nothing can be started, and after a start that ended as unstable', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    const env = await answering(folder.path, ['Leave']);
    expect(await runCommand([join(ground.root, 'boot', 'moult')], env)).toMatchObject({ code: 4 });
    expect(await readFile(join(folder.path, 'answers'), 'utf8')).toBe('');
    await ground.generation(await ground.version('1.0.0', engineTree('1.0.0', 4)));
    const again = await answering(folder.path, ['Start without evolutions', 'Leave']);
    expect(await runCommand([join(ground.root, 'boot', 'moult')], again)).toMatchObject({
      code: 4,
      out: 'engine 1.0.0: start\nengine 1.0.0: start --safe\n',
    });
  });

  it('starts without evolutions where nobody can be asked', async () => {
    await using folder = await tempFolder();
    const { ground } = await twoVersions(folder.path);
    expect(await launch(ground, '--safe')).toMatchObject({ code: 0, out: 'engine 1.1.0: start --safe\n' });
  });

  it('tells in a support file what stands and what is damaged, and nothing of what the application stores', async () => {
    await using folder = await tempFolder();
    const { ground, newer } = await twoVersions(folder.path);
    await mkdir(join(ground.instance.epochs, '1', 'data'));
    await writeFile(join(ground.instance.epochs, '1', 'data', 'private name'), 'private words');
    await appendFile(join(folderOf(ground, newer), 'app'), ' ');
    const file = join(folder.path, 'support.txt');
    expect(await launch(ground, '--support', file)).toMatchObject({ code: 0 });
    const text = await readFile(file, 'utf8');
    expect([/1\.0\.0-\w+ is whole/.test(text), /1\.1\.0-\w+ is not as it was built/.test(text), text.includes('"generation":2')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(text).not.toMatch(/private/);
  });
});

describe('every shell', () => {
  const shells: Readonly<Record<string, readonly string[]>> = { dash: ['dash'], bash: ['bash', '--posix'], busybox: ['busybox', 'sh'] };
  for (const [name, shell] of Object.entries(shells)) {
    it(`runs the launcher alike: ${name}`, async ({ skip }) => {
      await using folder = await tempFolder();
      const isThere = (process.env['PATH'] ?? '').split(':').map((path) => runCommand(['test', '-x', join(path, shell[0] ?? '')]));
      if (!(await Promise.all(isThere)).some(({ code }) => code === 0)) skip(`${name} is not on this machine`);
      const { ground, newer } = await twoVersions(folder.path);
      const env = { ...withoutDisplay(), PATH: await toolsOf(name, folder.path) };
      const command = [...shell, join(ground.root, 'boot', 'moult')];
      const program = (await runCommand(['which', shell[0] ?? ''])).out.trim();
      const run = () => runCommand([program, ...command.slice(1)], env);
      expect(await run()).toEqual({ code: 0, out: 'engine 1.1.0: start\n', err: '' });
      await appendFile(join(folderOf(ground, newer), 'lib/it.node'), ' ');
      expect(await run()).toMatchObject({ code: 0, out: 'engine 1.0.0: start\n' });
      await rm(ground.instance.pointer);
      expect(await run()).toMatchObject({ code: 0, out: 'engine 1.0.0: start\n' });
    });
  }

  /** Busybox brings its own tools, and is to use no others. */
  async function toolsOf(name: string, folder: string): Promise<string> {
    if (name !== 'busybox') return process.env['PATH'] ?? '';
    const program = (await runCommand(['which', 'busybox'])).out.trim();
    for (const tool of ['sh', 'sed', 'ls', 'sort', 'head', 'readlink', 'sha256sum']) {
      await mkdir(join(folder, 'tools'), { recursive: true });
      await symlink(program, join(folder, 'tools', tool));
    }
    return join(folder, 'tools');
  }
});

describe('the list of what is checked', () => {
  it('names programs, arguments, and the sums of what runs first', async () => {
    await using folder = await tempFolder();
    const ground = await openGround(join(folder.path, 'root'));
    const manifest = await ground.version('1.0.0', engineTree('1.0.0'));
    const sum = (path: string): string => `${manifest.tree.files.find((file) => file.path === path)?.sha256}  ${path}`;
    expect(await readFile(`${folderOf(ground, manifest)}.boot`, 'utf8')).toBe(
      [
        '# moult boot list 1',
        '# entry app',
        '# engine moult',
        '# argument one',
        '# argument two words',
        '# argument back\\\\slash\\0012and line\\0012',
        ...['app', 'moult', 'lib/it.node', 'resources/app/dist/src/main/cli/moult.mjs'].map(sum),
        '# 4 files',
        '',
      ].join('\n'),
    );
    expect(sum('app')).not.toContain(digestOf(''));
    expect(await readFile(launcher, 'utf8')).toMatch(/^#!\/bin\/sh\n/);
  });
});
