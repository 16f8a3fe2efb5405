import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Updater } from 'tuf-js';
import { describe, expect, test } from 'vitest';
import {
  createKey,
  createKeys,
  openKeys,
  profiles,
  type KeyRole,
  type Keys,
  type Profile,
} from '../../../../build/release/metadata/keys.ts';
import {
  initRepository,
  publish,
  publishOffers,
  publishTargets,
  readExpiries,
  renew,
  resignTimestamp,
} from '../../../../build/release/metadata/publish.ts';
import { isRepository, readPublished, readTarget } from '../../../../build/release/metadata/repository.ts';
import { rotateKeys } from '../../../../build/release/metadata/rotate.ts';
import { signerOf, type Signer } from '../../../../build/release/metadata/sign.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { refresh, type Fetch, type Trusted } from '../../../../src/updater/trust/client.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { plain, verdict } from '../../../updater/trust/forge.ts';

const now = new Date('2030-06-01T12:00:00Z');
const [list, offers] = ['releases/linux-x64.json', 'offers/stable/linux-x64.json'];

/** A new repository with its keys, and a client of it that remembers. */
async function made(
  profile: Profile = 'solo',
  at = now,
): Promise<AsyncDisposable & { path: string; repo: string; keys: Keys; ask(time?: Date): Promise<Trusted> }> {
  const folder = await tempFolder();
  await createKeys(join(folder.path, 'keys'), profile);
  const keys = await openKeys(join(folder.path, 'keys'));
  const repo = join(folder.path, 'repo');
  await initRepository(repo, keys, at);
  const trustedRoot = await readFile(join(repo, 'metadata', '1.root.json'));
  const fetch: Fetch = (name) => readFile(join(repo, name)).catch(() => null);
  const ask = (time = at): Promise<Trusted> =>
    refresh({ folder: join(folder.path, 'trust'), trustedRoot, floor: {}, now: time }, fetch, quietJob());
  return { path: folder.path, repo, keys, ask, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe.each(['solo', 'team'] as const)('the profile %s', (profile) => {
  test('makes a repository that a client follows from the first root to the newest release', async () => {
    await using made1 = await made(profile);
    const { repo, keys, ask } = made1;
    expect(plain((await ask()).versions)).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, channels: 1 });
    await publishTargets(repo, keys, { files: { [list]: Buffer.from('list 1') }, now });
    await publishOffers(repo, keys, { files: { [offers]: Buffer.from('offers 1') }, now });
    await publish(repo, keys, { targets: { [list]: Buffer.from('list 2') }, channels: { [offers]: Buffer.from('offers 2') }, now });
    const trusted = await ask();
    expect(plain(trusted.versions)).toEqual({ root: 1, timestamp: 4, snapshot: 4, targets: 3, channels: 3 });
    expect([String(await trusted.target(list)), String(await trusted.target(offers))]).toEqual(['list 2', 'offers 2']);
    expect([String(await readTarget(repo, list)), String(await readTarget(repo, offers)), await readTarget(repo, 'x')]).toEqual([
      'list 2',
      'offers 2',
      null,
    ]);
    expect(trusted.signedAt).toBe('2030-06-01T12:00:00Z');
  });

  test('needs as many of its root keys as it says', async () => {
    await using made1 = await made(profile);
    const { repo, keys, ask } = made1;
    const { root } = await readPublished(repo);
    expect(root.roles.root).toEqual({ keyids: keys.root.map(({ id }) => id), threshold: profiles[profile].threshold });
    const few = { ...keys, root: keys.root.slice(0, profiles[profile].threshold - 1) };
    expect(await verdict(renew(repo, few, { roles: ['root'], now }))).toMatch(
      /^usage\/wrong: root needs \d of its keys to sign, and \d of them are here$/,
    );
    await renew(repo, { ...keys, root: keys.root.slice(-profiles[profile].threshold) }, { roles: ['root'], now });
    expect(plain((await ask()).versions)['root']).toBe(2);
  });
});

describe('publishing', () => {
  test('is good for as long as the architecture says, and can be renewed role by role', async () => {
    await using made1 = await made();
    const { repo, keys, ask } = made1;
    const expected = {
      root: '2033-05-31T12:00:00Z',
      targets: '2031-06-01T12:00:00Z',
      channels: '2030-07-01T12:00:00Z',
      snapshot: '2030-07-01T12:00:00Z',
      timestamp: '2030-06-08T12:00:00Z',
    };
    expect(await readExpiries(repo)).toEqual(expected);
    const later = new Date('2030-06-05T00:00:00Z');
    await resignTimestamp(repo, keys, later);
    expect(await readExpiries(repo)).toEqual({ ...expected, timestamp: '2030-06-12T00:00:00Z' });
    await renew(repo, keys, { roles: ['root', 'targets', 'channels'], now: later });
    expect(await readExpiries(repo)).toEqual({
      root: '2033-06-04T00:00:00Z',
      targets: '2031-06-05T00:00:00Z',
      channels: '2030-07-05T00:00:00Z',
      snapshot: '2030-07-05T00:00:00Z',
      timestamp: '2030-06-12T00:00:00Z',
    });
    expect(plain((await ask(later)).versions)).toEqual({ root: 2, timestamp: 3, snapshot: 2, targets: 2, channels: 2 });
  });

  test('changes no file that is there but timestamp.json', async () => {
    await using made1 = await made();
    const { repo, keys } = made1;
    await publishOffers(repo, keys, { files: { [offers]: Buffer.from('1') }, now });
    const before = await contents(repo);
    await publish(repo, keys, { targets: { [list]: Buffer.from('2') }, channels: { [offers]: Buffer.from('2') }, now });
    await rotateKeys(repo, keys, { role: 'snapshot', signers: otherKeys().snapshot, now });
    const after = await contents(repo);
    expect([...before].filter(([name, text]) => after.get(name) !== text).map(([name]) => name)).toEqual(['metadata/timestamp.json']);
  });

  test('is invisible until timestamp.json, and a killed one is no obstacle to the next', async () => {
    await using made1 = await made();
    const { repo, keys, ask } = made1;
    const stamp = await readFile(join(repo, 'metadata', 'timestamp.json'));
    await publish(repo, keys, { targets: { [list]: Buffer.from('killed') }, now });
    await writeFile(join(repo, 'metadata', 'timestamp.json'), stamp);
    expect(await verdict((await ask()).target(list))).toMatch(/^check\/no-such-version: /);
    await publish(repo, keys, { targets: { [list]: Buffer.from('done') }, now });
    expect(String(await (await ask()).target(list))).toBe('done');
    expect(plain((await ask()).versions)).toMatchObject({ timestamp: 2, snapshot: 3, targets: 3 });
  });

  test('needs only the keys of what changes', async () => {
    await using made1 = await made();
    const { repo, keys, ask } = made1;
    const online = { ...keys, root: [], targets: [] };
    await publishOffers(repo, online, { files: { [offers]: Buffer.from('paused') }, now });
    expect(String(await (await ask()).target(offers))).toBe('paused');
    expect(await verdict(publishTargets(repo, online, { files: { [list]: Buffer.from('x') }, now }))).toBe(
      'usage/wrong: targets needs 1 of its keys to sign, and 0 of them are here',
    );
    expect(await verdict(publishTargets(repo, otherKeys(), { files: { [list]: Buffer.from('x') }, now }))).toMatch(
      /^usage\/wrong: targets needs/,
    );
  });

  test('twice into one place, with too few keys, or over another repository is refused', async () => {
    await using made1 = await made();
    const { repo, keys } = made1;
    expect(await isRepository(repo)).toBe(true);
    expect(await verdict(initRepository(repo, keys, now))).toMatch(/^usage\/wrong: .* is a repository already$/);
    const elsewhere = join(made1.path, 'elsewhere');
    expect(await verdict(initRepository(elsewhere, { ...keys, root: keys.root.slice(1) }, now))).toMatch(/^usage\/wrong: /);
    expect(await verdict(initRepository(elsewhere, { ...keys, timestamp: [] }, now))).toMatch(/^usage\/wrong: /);
    expect(await isRepository(elsewhere)).toBe(false);
  });
});

describe('exchanging keys', () => {
  test.each(['root', 'targets', 'channels', 'snapshot', 'timestamp'] as const)(
    'of %s is followed by clients that knew the old ones and by new ones',
    async (role) => {
      await using made1 = await made('team');
      const { repo, keys, ask } = made1;
      await publish(repo, keys, { targets: { [list]: Buffer.from('1') }, channels: { [offers]: Buffer.from('1') }, now });
      await ask();
      const fresh = otherKeys('team');
      await rotateKeys(repo, keys, { role, signers: fresh[role], now });
      const rotated = { ...keys, [role]: fresh[role] };
      expect(await verdict(renew(repo, keys, { roles: ['root', 'targets', 'channels'], now }))).toMatch(
        new RegExp(`^usage/wrong: ${role} needs`),
      );
      await publish(repo, rotated, { targets: { [list]: Buffer.from('2') }, channels: { [offers]: Buffer.from('2') }, now });
      for (const client of ['old', 'new']) {
        if (client === 'new') await rm(join(made1.path, 'trust'), { recursive: true });
        const trusted = await ask();
        expect([String(await trusted.target(list)), String(await trusted.target(offers))]).toEqual(['2', '2']);
        expect(plain(trusted.versions)['root']).toBe(role === 'channels' ? 1 : 2);
      }
    },
  );

  test('is never seen half: every state on the way is followed', async () => {
    await using made1 = await made();
    const { repo, keys, ask } = made1;
    await ask();
    await rotateKeys(repo, keys, { role: 'timestamp', signers: otherKeys().timestamp, now });
    await rm(join(repo, 'metadata', '2.root.json'));
    expect(plain((await ask()).versions)).toMatchObject({ root: 1, timestamp: 2 });
  });

  test('keeps the number of root keys', async () => {
    await using made1 = await made('team');
    const fresh = otherKeys('solo');
    expect(await verdict(rotateKeys(made1.repo, made1.keys, { role: 'root', signers: fresh.root, now }))).toBe(
      'usage/wrong: this repository has 3 root keys, not 2',
    );
    expect(await verdict(rotateKeys(made1.repo, made1.keys, { role: 'snapshot', signers: [], now }))).toMatch(/^usage\/wrong: /);
  });
});

test('tuf-js reads what we write, before and after new keys', async () => {
  await using made1 = await made('team', new Date());
  const { repo, keys, path } = made1;
  const time = new Date();
  await publish(repo, keys, { targets: { [list]: Buffer.from('list') }, channels: { [offers]: Buffer.from('offers') }, now: time });
  await mkdir(join(path, 'theirs'));
  await writeFile(join(path, 'theirs', 'root.json'), await readFile(join(repo, 'metadata', '1.root.json')));
  await using server = await serveFolder(repo);
  const given = {
    metadataDir: join(path, 'theirs'),
    targetDir: join(path, 'theirs'),
    metadataBaseUrl: `${server.url}/metadata`,
    targetBaseUrl: `${server.url}/targets`,
  };
  const read = async (): Promise<string[]> => {
    const updater = new Updater({ ...given, config: { fetchRetry: false } });
    await updater.refresh();
    const texts = [];
    for (const name of [list, offers]) {
      const info = await updater.getTargetInfo(name);
      if (info === undefined) throw new Error(`no ${name}`);
      texts.push(await readFile(await updater.downloadTarget(info, join(path, 'theirs', 'target')), 'utf8'));
    }
    return texts;
  };
  expect(await read()).toEqual(['list', 'offers']);
  const current: Record<KeyRole, readonly Signer[]> = { ...keys };
  for (const role of ['root', 'targets', 'channels', 'snapshot', 'timestamp'] as const) {
    const fresh = otherKeys('team');
    await rotateKeys(repo, current, { role, signers: fresh[role], now: time });
    current[role] = fresh[role];
  }
  await publish(repo, current, { targets: { [list]: Buffer.from('list 2') }, channels: { [offers]: Buffer.from('offers 2') }, now: time });
  expect(await read()).toEqual(['list 2', 'offers 2']);
});

describe('S31 key files', () => {
  test('S31 are readable by their owner only, and refused when they are not', async () => {
    await using folder = await tempFolder();
    const paths = await createKeys(join(folder.path, 'keys'), 'team');
    expect(paths.map((path) => path.slice(folder.path.length))).toEqual(
      ['root-1', 'root-2', 'root-3', 'targets', 'channels', 'snapshot', 'timestamp'].map((name) => `/keys/${name}.key`),
    );
    for (const path of paths) expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(paths[3] ?? '', 0o640);
    expect(await verdict(openKeys(join(folder.path, 'keys')))).toMatch(
      /^usage\/wrong: .*targets.key can be read by others; its mode must be 600/,
    );
  });

  test('S31 are never overwritten', async () => {
    await using folder = await tempFolder();
    const [first = ''] = await createKeys(folder.path, 'solo');
    const before = await readFile(first, 'utf8');
    expect(await verdict(createKeys(folder.path, 'solo'))).toMatch(/^usage\/wrong: .* has keys already$/);
    expect(await verdict(createKey(first, 'root'))).toMatch(/^usage\/wrong: .* exists already$/);
    expect(await readFile(first, 'utf8')).toBe(before);
  });

  test('S31 may be encrypted, and then say nothing without their passphrase', async () => {
    await using folder = await tempFolder();
    const path = await createKey(join(folder.path, 'root.key'), 'root', 'correct horse');
    expect(await readFile(path, 'utf8')).not.toContain('seed');
    expect(await verdict(openKeys(folder.path))).toMatch(/^usage\/wrong: .* is encrypted/);
    expect(await verdict(openKeys(folder.path, 'wrong horse'))).toMatch(/^usage\/wrong: the passphrase does not open/);
    expect((await openKeys(folder.path, 'correct horse')).root.length).toBe(1);
  });

  test('S31 that are damaged or missing are told as such', async () => {
    await using folder = await tempFolder();
    expect(await verdict(openKeys(folder.path))).toMatch(/^usage\/wrong: there are no keys in/);
    await writeFile(join(folder.path, 'root.key'), '{"format":"moult-key-1","role":"root","seed":"00"}', { mode: 0o600 });
    expect(await verdict(openKeys(folder.path))).toMatch(/^usage\/wrong: .*root.key/);
  });
});

/** Keys that no repository knows. */
function otherKeys(profile: Profile = 'solo'): Keys {
  const fresh = (count: number): Signer[] => Array.from({ length: count }, () => signerOf(randomBytes(32)));
  return { root: fresh(profiles[profile].keys), targets: fresh(1), channels: fresh(1), snapshot: fresh(1), timestamp: fresh(1) };
}

async function contents(repo: string): Promise<Map<string, string>> {
  const files = (await readdir(repo, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  return new Map(await Promise.all(paths.map(async (path) => [path.slice(repo.length + 1), await readFile(path, 'utf8')] as const)));
}

async function serveFolder(folder: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    readFile(join(folder, decodeURIComponent(request.url ?? ''))).then(
      (bytes) => response.writeHead(200, { connection: 'close' }).end(bytes),
      () => response.writeHead(404, { connection: 'close' }).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
