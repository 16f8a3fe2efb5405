import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quietJob } from '../../../src/updater/model/job.ts';
import { loadStored, refresh } from '../../../src/updater/trust/client.ts';
import { floorOf, lowestVersion } from '../../../src/updater/trust/memory.ts';
import { parseRoot } from '../../../src/updater/trust/metadata.ts';
import { readEd25519 } from '../../../src/updater/trust/signature.ts';
import { tempFolder } from '../../ground/folder.ts';
import { ask, delegate, forge, plain, trustIn, verdict } from './forge.ts';

const names = ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json'];

describe('a stored file that is damaged', () => {
  const damages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    'half of it': async (path) => truncate(path, 100),
    nothing: async (path) => truncate(path, 0),
    'random bytes': async (path) => writeFile(path, Buffer.from('00ff7b22', 'hex')),
    'other JSON': async (path) => writeFile(path, '{"signed":{},"signatures":[]}'),
    'one flipped bit': async (path) => {
      const bytes = await readFile(path);
      bytes[200] = (bytes[200] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
    'far too much': async (path) => truncate(path, 100 * 1024 ** 2),
  };

  test.each(Object.keys(damages))('(%s) is dropped and fetched again', async (how) => {
    const repo = forge();
    for (const name of names) {
      await using folder = await tempFolder();
      const before = await ask(repo, folder.path);
      await damages[how]?.(join(folder.path, name));
      expect((await ask(repo, folder.path)).versions).toEqual(before.versions);
      expect(await readFile(join(folder.path, name))).toEqual(
        Buffer.from(repo.files.get(`metadata/${name === 'timestamp.json' ? '' : '1.'}${name}`) ?? ''),
      );
    }
  });

  test('is replaced even when it is a folder or a link, which is not followed', async () => {
    const repo = forge();
    for (const name of names) {
      await using folder = await tempFolder();
      await mkdir(join(folder.path, 'trust', name, 'full'), { recursive: true });
      expect(await verdict(ask(repo, join(folder.path, 'trust')))).toBe('ok');
      await writeFile(join(folder.path, 'canary'), 'alive');
      await symlink(join(folder.path, 'canary'), join(folder.path, 'link'));
      await mkdir(join(folder.path, 'linked'));
      await symlink('../canary', join(folder.path, 'linked', name));
      expect(await verdict(ask(repo, join(folder.path, 'linked')))).toBe('ok');
      expect(await readFile(join(folder.path, 'canary'), 'utf8')).toBe('alive');
    }
  });

  test('does not let an old one pass for new: the floor still counts', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.release('targets');
    const { versions: floor } = await ask(repo, folder.path);
    await truncate(join(folder.path, 'timestamp.json'), 10);
    repo.timestamp.version = 1;
    repo.put('timestamp');
    expect(await verdict(ask(repo, folder.path, { floor }))).toBe('check/untrusted: timestamp goes back from version 2 to 1');
  });

  test('is not a target: a damaged one is fetched again', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    await (await ask(repo, folder.path)).target('hello.txt');
    const [stored] = await readdir(join(folder.path, 'targets'));
    await writeFile(join(folder.path, 'targets', stored ?? ''), 'HELLO');
    expect(await verdict((await loadStored(trustIn(repo, folder.path))).target('hello.txt'))).toMatch(/^check\/offline: /);
    expect(Buffer.from(await (await ask(repo, folder.path)).target('hello.txt')).toString()).toBe('hello');
  });
});

describe('a check that ends early', () => {
  test('at any file leaves what the next one continues from, and never forgets what it knew', async () => {
    const repo = forge();
    delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'] });
    repo.add('channels', 'offers/stable/x', 'x');
    repo.release('targets', 'channels');
    await using known = await tempFolder();
    const first = (await ask(repo, known.path)).versions;
    repo.rotate('timestamp');
    repo.putRoot();
    repo.putRoot();
    repo.release('targets', 'channels');
    for (let stopAt = 0; stopAt < 8; stopAt += 1) {
      await using folder = await tempFolder();
      await ask({ ...repo, fetch: async (name) => (name.includes('root') ? null : repo.fetch(name, 0)) }, folder.path).catch(() => null);
      let fetched = 0;
      const stopping = async (name: string): Promise<Uint8Array | null> => {
        fetched += 1;
        if (fetched > stopAt) throw new DOMException('stopped', 'AbortError');
        return repo.fetch(name, 0);
      };
      const attempt = refresh(trustIn(repo, folder.path), stopping, quietJob()).then((trusted) => trusted.target('offers/stable/x'));
      expect(await verdict(attempt)).toBe('job/cancelled: stopped on request');
      const after = await ask(repo, folder.path, { floor: first });
      expect(plain(after.versions)).toEqual({ root: 3, timestamp: 3, snapshot: 3, targets: 3, channels: 2 });
      expect(Buffer.from(await after.target('offers/stable/x')).toString()).toBe('x');
    }
  });

  test('by its signal asks for nothing more', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const stop = new AbortController();
    const fetch = async (name: string): Promise<Uint8Array | null> => {
      stop.abort();
      return repo.fetch(name, 0);
    };
    expect(await verdict(refresh(trustIn(repo, folder.path), fetch, { ...quietJob(), signal: stop.signal }))).toBe(
      'job/cancelled: stopped on request',
    );
    expect(repo.asked).toEqual(['metadata/2.root.json']);
  });
});

test('a floor names the keys that made it, and counts for as long as they are all in use', () => {
  const repo = forge();
  const rootOf = (): ReturnType<typeof parseRoot>['body'] =>
    parseRoot(repo.files.get(`metadata/${repo.root.version}.root.json`) ?? Buffer.alloc(0)).body;
  const before = rootOf();
  const floor = floorOf(
    before,
    new Map([
      ['timestamp', 7],
      ['x'.repeat(300), 1],
    ]),
    readEd25519,
  );
  expect(Object.keys(floor)).toEqual(['root', expect.stringMatching(/^timestamp@[0-9a-f]{8}\.[0-9a-f]{8}$/)]);

  const lowest = (root: typeof before, role: string, extra = {}): number =>
    lowestVersion({ ...floor, ...extra }, role, { root, readKey: readEd25519 });
  expect([
    lowest(before, 'timestamp'),
    lowest(before, 'time'),
    lowest(before, 'root'),
    lowest(before, 'timestamp', { timestamp: 9 }),
  ]).toEqual([7, 1, 1, 9]);
  repo.rotate('snapshot');
  repo.putRoot();
  expect([lowest(rootOf(), 'timestamp'), lowest(rootOf(), 'timestamp', { timestamp: 5 })]).toEqual([1, 5]);
});
