import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quietJob } from '../../../src/updater/model/job.ts';
import { loadStored, refresh } from '../../../src/updater/trust/client.ts';
import { tempFolder } from '../../ground/folder.ts';
import { ask, delegate, forge, newSigner, plain, sha256, trustIn, verdict, type Forge } from './forge.ts';

const later = (days: number): Date => new Date(Date.parse('2030-06-01T12:00:00Z') + days * 86_400_000);

describe('a repository that is right', () => {
  test('is followed, stored byte for byte, and asked for no more than is new', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const trusted = await ask(repo, folder.path);
    expect(plain(trusted.versions)).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
    expect(Buffer.from(await trusted.target('hello.txt')).toString()).toBe('hello');
    expect((await readdir(folder.path)).toSorted()).toEqual(['root.json', 'snapshot.json', 'targets', 'targets.json', 'timestamp.json']);
    repo.asked.length = 0;
    await (await ask(repo, folder.path)).target('hello.txt');
    expect(repo.asked).toEqual(['metadata/2.root.json', 'metadata/timestamp.json']);
  });

  test('names its release keys and the time until which it is fresh', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.timestamp['moult_signed_at'] = '2030-05-30T00:00:00Z';
    repo.release();
    const { releaseKeys, signedAt, expires } = await ask(repo, folder.path);
    const [signer] = repo.signers['targets'] ?? [];
    expect([...releaseKeys].map(([id, key]) => [id, Buffer.from(key).toString('hex')])).toEqual([[signer?.id, signer?.key.keyval.public]]);
    expect({ signedAt, expires }).toEqual({ signedAt: '2030-05-30T00:00:00Z', expires: '2031-01-01T00:00:00Z' });
  });

  test('may go without consistent snapshots', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.root.consistent_snapshot = false;
    repo.putRoot();
    repo.add('targets', 'a/b.txt', 'b');
    repo.release('targets');
    const trusted = await ask(repo, folder.path);
    expect(Buffer.from(await trusted.target('a/b.txt')).toString()).toBe('b');
    expect(repo.asked).toContain('metadata/targets.json');
  });

  test('may say more than we know, as long as what it says is signed', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.root['x'] = { deep: [1, 'ü"\\\n', null, true] };
    repo.putRoot();
    expect(plain((await ask(repo, folder.path)).versions)['root']).toBe(2);
  });
});

describe('S03 a server without keys', () => {
  test('S03 may flip any byte of any metadata file, and nothing is believed that was not signed', async () => {
    const repo = forge();
    for (const [name, bytes] of [...repo.files].filter(([file]) => file.startsWith('metadata/') && file !== 'metadata/1.root.json')) {
      for (let i = 0; i < bytes.length; i += 29) {
        await using folder = await tempFolder();
        const changed = Buffer.from(bytes);
        changed[i] = (changed[i] ?? 0) ^ 1;
        const answer = await verdict(
          refresh(trustIn(repo, folder.path), async (asked) => (asked === name ? changed : repo.fetch(asked, 0)), quietJob()),
        );
        expect(answer, `${name} at ${i}`).toMatch(/^check\/untrusted: /);
      }
    }
  });

  test('S03 may cut files short, leave them out or swap them', async () => {
    const repo = forge();
    const names = [...repo.files.keys()].filter((name) => name.startsWith('metadata/') && name !== 'metadata/1.root.json');
    for (const name of names) {
      await using folder = await tempFolder();
      const served = (bytes: Uint8Array | null) =>
        refresh(trustIn(repo, folder.path), async (asked) => (asked === name ? bytes : repo.fetch(asked, 0)), quietJob());
      expect(await verdict(served(null))).toBe(`check/offline: ${name} is not there`);
      expect(await verdict(served(Buffer.alloc(0)))).toMatch(/^check\/untrusted: /);
      expect(await verdict(served(repo.files.get(name)?.subarray(0, -3) ?? null))).toMatch(/^check\/untrusted: /);
      expect(await verdict(served(repo.files.get('metadata/1.root.json') ?? null))).toMatch(/^check\/untrusted: /);
      expect(await verdict(served(repo.files.get(name) ?? null))).toBe('ok');
    }
  });

  test.each(['timestamp', 'snapshot', 'targets'])('S03 may not sign %s itself, even where the files that name it fit', async (role) => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.signers[role] = [newSigner()];
    repo.release('targets');
    expect(await verdict(ask(repo, folder.path))).toBe(`check/untrusted: ${role} is signed by 0 of the 1 keys that it needs`);
    const [id] = repo.root.roles[role]?.keyids ?? [];
    repo.signers[role] = (repo.signers[role] ?? []).map((stranger) => ({ ...stranger, id: id ?? '' }));
    repo.release('targets');
    expect(await verdict(ask(repo, folder.path))).toBe(`check/untrusted: ${role} is signed by 0 of the 1 keys that it needs`);
  });

  test('S03 may not offer a target that differs from what is signed', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const trusted = await ask(repo, folder.path);
    repo.files.set(`targets/${sha256('hello')}.hello.txt`, Buffer.from('hellO'));
    expect(await verdict(trusted.target('hello.txt'))).toBe('check/untrusted: hello.txt has another sha256 than is signed');
    expect(await verdict(trusted.target('nothing.txt'))).toBe('check/no-such-version: nothing is published as nothing.txt');
  });
});

describe('S07 going back', () => {
  /** A client that knows version 3 of everything meets the files of version 2. */
  async function rolledBack(folder: string, back: readonly string[]): Promise<{ repo: Forge; answer: string }> {
    const repo = forge();
    delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'] });
    repo.release('targets', 'channels');
    const old = structuredClone({
      timestamp: repo.timestamp,
      snapshot: repo.snapshot,
      targets: repo.roles['targets'],
      channels: repo.roles['channels'],
    });
    repo.release('targets', 'channels');
    await ask(repo, folder);
    for (const role of back) {
      if (role === 'timestamp') Object.assign(repo.timestamp, old.timestamp);
      else if (role === 'snapshot') Object.assign(repo.timestamp.meta, old.timestamp.meta, { version: repo.timestamp.version });
      else repo.snapshot.meta[`${role}.json`] = old.snapshot.meta[`${role}.json`] ?? { version: 1 };
    }
    if (back.includes('snapshot')) repo.timestamp.version += 1;
    if (!back.includes('timestamp') && !back.includes('snapshot')) repo.release();
    repo.put('timestamp');
    return { repo, answer: await verdict(ask(repo, folder)) };
  }

  test.each([
    [['timestamp'], 'check/untrusted: timestamp goes back from version 3 to 2'],
    [['snapshot'], 'check/untrusted: snapshot goes back from version 3 to 2'],
    [['targets'], 'check/untrusted: targets.json goes back from version 3 to 2'],
    [['channels'], 'check/untrusted: channels.json goes back from version 2 to 1'],
  ])('S07 of %s is refused', async (back, expected) => {
    await using folder = await tempFolder();
    expect((await rolledBack(folder.path, back)).answer).toBe(expected);
  });

  test.each(['timestamp', 'snapshot', 'targets', 'channels'])(
    'S07 of %s is refused by the floor although every stored file was deleted',
    async (role) => {
      await using folder = await tempFolder();
      await using known = await tempFolder();
      const repo = forge();
      delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'] });
      repo.release('targets', 'channels');
      const floor = { ...(await ask(repo, known.path)).versions };
      expect(await verdict(ask(repo, folder.path, { floor }))).toBe('ok');
      await rm(folder.path, { recursive: true });
      const name = Object.keys(floor).find((entry) => entry.startsWith(`${role}@`)) ?? '';
      const raised = { ...floor, [name]: (floor[name] ?? 0) + 1 };
      expect(await verdict(ask(repo, folder.path, { floor: raised }))).toMatch(/^check\/untrusted: \w+ goes back from version \d to \d$/);
      expect(await verdict(ask(repo, folder.path, { floor: { [role]: 3 } }))).toMatch(
        /^check\/untrusted: \w+ goes back from version 3 to \d$/,
      );
    },
  );

  test('S07 to an older root is refused by the floor', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    expect(await verdict(ask(repo, folder.path, { floor: { root: 2 } }))).toBe('check/untrusted: root goes back from version 2 to 1');
  });

  test('S07 a role that disappears from the snapshot is refused', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    delegate(repo, 'targets', { name: 'channels' });
    repo.release('targets', 'channels');
    await ask(repo, folder.path);
    delete repo.snapshot.meta['channels.json'];
    repo.release('targets');
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: channels.json goes back from version 1 to none');
  });
});

describe('S08 standing still', () => {
  test('S08 is noticed once the timestamp expires, says since when, and leaves what is stored of use', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.timestamp.expires = '2030-06-08T12:00:00Z';
    repo.release();
    await (await ask(repo, folder.path)).target('hello.txt');
    const frozen = { now: new Date('2030-06-08T12:00:00Z') };
    expect(await verdict(ask(repo, folder.path, { now: new Date('2030-06-08T11:59:59Z') }))).toBe('ok');
    expect(await verdict(ask(repo, folder.path, frozen))).toBe('check/stale: update information is stale since 2030-06-08T12:00:00Z');
    const stored = await loadStored(trustIn(repo, folder.path, frozen));
    expect(Buffer.from(await stored.target('hello.txt')).toString()).toBe('hello');
    repo.timestamp.expires = '2030-07-01T00:00:00Z';
    repo.release();
    expect(await verdict(ask(repo, folder.path, frozen))).toBe('ok');
  });

  test.each(['root', 'snapshot', 'targets', 'channels'])('S08 an expired %s is refused, too', async (role) => {
    await using folder = await tempFolder();
    const repo = forge();
    delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'] });
    const listed: Record<string, { expires: string }> = { root: repo.root, snapshot: repo.snapshot, ...repo.roles };
    Object.assign(listed[role] ?? {}, { expires: '2030-06-01T11:00:00Z' });
    repo.add('channels', 'offers/stable/x', 'x');
    repo.release('targets', 'channels');
    repo.putRoot();
    const attempt = ask(repo, folder.path).then((trusted) => trusted.target('offers/stable/x'));
    expect(await verdict(attempt)).toBe(`check/stale: ${role} is stale since 2030-06-01T11:00:00Z`);
  });

  test('S08 nothing stored yet is told as such', async () => {
    await using folder = await tempFolder();
    expect(await verdict(loadStored(trustIn(forge(), folder.path)))).toBe('check/offline: metadata/timestamp.json is not there');
  });
});

describe('S09 mixing versions', () => {
  test('S09 new targets with an old snapshot are refused', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const before = repo.files.get('metadata/1.targets.json') ?? Buffer.alloc(0);
    repo.add('targets', 'new.txt', 'new');
    repo.roles['targets'] = { ...(repo.roles['targets'] ?? { targets: {}, version: 1, expires: '' }), version: 1 };
    repo.put('targets');
    expect(await verdict(ask(repo, folder.path))).toMatch(/^check\/untrusted: metadata\/1.targets.json has more than/);
    repo.files.set('metadata/1.targets.json', before);
    expect(await verdict(ask(repo, folder.path))).toBe('ok');
  });

  test('S09 other targets of the same version and length are refused by their hash, however well they are signed', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    Object.assign(repo.roles['targets']?.targets['hello.txt'] ?? {}, { hashes: { sha256: sha256('HELLO') } });
    repo.put('targets');
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: targets has another sha256 than is signed');
  });

  test('S09 a version that differs from the one that is named is refused even when no hash tells', async () => {
    for (const role of ['snapshot', 'targets']) {
      await using folder = await tempFolder();
      const repo = forge();
      for (const meta of [repo.snapshot.meta['targets.json'], repo.timestamp.meta['snapshot.json']]) {
        delete meta?.hashes;
        delete meta?.length;
      }
      const lists = role === 'snapshot' ? repo.timestamp.meta : repo.snapshot.meta;
      const wrong = repo.files.get(`metadata/1.${role}.json`) ?? Buffer.alloc(0);
      Object.assign(lists[`${role}.json`] ?? {}, { version: 2 });
      repo.files.set(`metadata/2.${role}.json`, wrong);
      repo.put('snapshot');
      repo.put('timestamp');
      expect(await verdict(ask(repo, folder.path))).toBe(`check/untrusted: ${role} has version 1 instead of 2`);
    }
  });

  test('S09 a file of another length than is signed is refused even when no hash tells', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const length = (repo.files.get('metadata/1.snapshot.json')?.length ?? 0) + 1;
    repo.timestamp.meta['snapshot.json'] = { version: 1, length };
    repo.put('timestamp');
    expect(await verdict(ask(repo, folder.path))).toBe(`check/untrusted: snapshot has ${length - 1} bytes instead of ${length}`);
  });

  test('S09 a snapshot of the same version with other contents is refused by its hash, also when one is stored', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    await ask(repo, folder.path);
    const meta = repo.timestamp.meta['snapshot.json'];
    Object.assign(meta ?? {}, { hashes: { sha256: sha256('another') } });
    repo.timestamp.version += 1;
    repo.put('timestamp');
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: snapshot has another sha256 than is signed');
  });

  test('S09 a timestamp of the same version with other contents changes nothing', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    await ask(repo, folder.path);
    Object.assign(repo.timestamp.meta['snapshot.json'] ?? {}, { version: 100 });
    repo.put('timestamp');
    expect(plain((await ask(repo, folder.path)).versions)).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
  });

  test.each(['sha256', 'sha512'])(
    'S09 a target of another %s than is signed is refused, also where it is the only one',
    async (algorithm) => {
      const repo = forge();
      await using folder = await tempFolder();
      const hashOf = (text: string): string => createHash(algorithm).update(text).digest('hex');
      Object.assign(repo.roles['targets']?.targets['hello.txt'] ?? {}, { hashes: { [algorithm]: hashOf('hello') } });
      repo.release('targets');
      repo.files.set(`targets/${hashOf('hello')}.hello.txt`, Buffer.from('jello'));
      expect(await verdict(ask(repo, folder.path).then((trusted) => trusted.target('hello.txt')))).toBe(
        `check/untrusted: hello.txt has another ${algorithm} than is signed`,
      );
    },
  );

  test('S09 a target listed under the hash of another is refused', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.add('targets', 'a', 'version A');
    repo.add('targets', 'b', 'version B');
    repo.release('targets');
    repo.files.set(`targets/${sha256('version B')}.b`, Buffer.from('version A'));
    const trusted = await ask(repo, folder.path);
    expect(await verdict(trusted.target('b'))).toBe('check/untrusted: b has another sha256 than is signed');
  });
});

describe('S10 numbers driven up by a stolen key', () => {
  test.each(['timestamp', 'snapshot'])('S10 recover when the %s key is replaced, with and without stored files', async (stolen) => {
    await using folder = await tempFolder();
    const repo = forge();
    if (stolen === 'timestamp') repo.timestamp.version = 99_999;
    else repo.snapshot.version = 99_999;
    repo.roles['targets'] = { ...(repo.roles['targets'] ?? { targets: {}, version: 1, expires: '' }), version: 77_777 };
    repo.release('targets');
    const floor = { ...(await ask(repo, folder.path)).versions };
    Object.assign(repo.timestamp, { version: 9 });
    Object.assign(repo.snapshot, { version: 9 });
    Object.assign(repo.roles['targets'] ?? {}, { version: 9 });
    repo.release('targets');
    expect(await verdict(ask(repo, folder.path, { floor }))).toMatch(/^check\/untrusted: .* goes back/);
    repo.rotate(stolen);
    repo.putRoot();
    repo.release('targets');
    const recovered = await ask(repo, folder.path, { floor });
    expect(plain(recovered.versions)).toEqual({ root: 2, timestamp: 11, snapshot: 11, targets: 11 });
    await rm(join(folder.path, 'timestamp.json'));
    await rm(join(folder.path, 'snapshot.json'));
    expect(await verdict(ask(repo, folder.path, { floor: { ...floor, ...recovered.versions } }))).toBe('ok');
    expect(await verdict(ask(repo, folder.path, { floor: { timestamp: 12 } }))).toMatch(/goes back/);
  });

  test('S10 one key more is no rotation: what is stored stays, and the floor counts', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.release();
    repo.release();
    const { versions: floor } = await ask(repo, folder.path);
    const extra = newSigner();
    repo.root.keys[extra.id] = extra.key;
    repo.root.roles['timestamp']?.keyids.push(extra.id);
    repo.putRoot();
    repo.timestamp.version = 1;
    repo.put('timestamp');
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: timestamp goes back from version 3 to 1');
    await rm(folder.path, { recursive: true });
    expect(await verdict(ask(repo, folder.path, { floor }))).toBe('check/untrusted: timestamp goes back from version 3 to 1');
  });

  test('S10 a stop between forgetting and the new root loses nothing that matters', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.timestamp.version = 99_999;
    repo.release();
    await ask(repo, folder.path);
    repo.rotate('snapshot');
    repo.putRoot();
    repo.timestamp.version = 5;
    repo.release();
    await rm(join(folder.path, 'timestamp.json'));
    expect(plain((await ask(repo, folder.path)).versions)).toMatchObject({ root: 2, timestamp: 6 });
  });
});

describe('S33 files without an end', () => {
  test.each([
    ['metadata/2.root.json', 512 * 1024],
    ['metadata/timestamp.json', 16 * 1024],
    ['metadata/1.snapshot.json', 2 * 1024 ** 2],
    ['metadata/1.targets.json', 8 * 1024 ** 2],
  ])('S33 %s is asked for with the limit %i, and more than that is refused', async (name, limit) => {
    await using folder = await tempFolder();
    const repo = forge();
    for (const meta of [repo.snapshot.meta['targets.json'], repo.timestamp.meta['snapshot.json']]) {
      delete meta?.hashes;
      delete meta?.length;
    }
    repo.put('snapshot');
    repo.put('timestamp');
    const limits: Record<string, number> = {};
    const fetch = async (asked: string, maxBytes: number): Promise<Uint8Array | null> => {
      limits[asked] = maxBytes;
      return asked === name ? Buffer.alloc(maxBytes + 1, ' ') : repo.fetch(asked, maxBytes);
    };
    expect(await verdict(refresh(trustIn(repo, folder.path), fetch, quietJob()))).toBe(
      `check/untrusted: ${name} has more than ${limit} bytes`,
    );
    expect(limits[name]).toBe(limit);
  });

  test('S33 a signed length is the limit, for metadata and targets', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const limits: Record<string, number> = {};
    const fetch = async (asked: string, maxBytes: number): Promise<Uint8Array | null> => {
      limits[asked] = maxBytes;
      return repo.fetch(asked, maxBytes);
    };
    const trusted = await refresh(trustIn(repo, folder.path), fetch, quietJob());
    await trusted.target('hello.txt');
    expect(limits['metadata/1.snapshot.json']).toBe(repo.files.get('metadata/1.snapshot.json')?.length);
    expect(limits['metadata/1.targets.json']).toBe(repo.files.get('metadata/1.targets.json')?.length);
    expect(limits[`targets/${sha256('hello')}.hello.txt`]).toBe(5);
  });

  test('S33 roots without an end are followed to a bound', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    for (let i = 0; i < 258; i += 1) repo.putRoot();
    expect(plain((await ask(repo, folder.path)).versions)['root']).toBe(257);
  });
});

describe('S34 new keys', () => {
  test('S34 twenty roots in one step, each with other keys, for a client that slept', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    await ask(repo, folder.path);
    for (let version = 2; version <= 20; version += 1) {
      const before = repo.signers['root'] ?? [];
      for (const role of ['root', 'timestamp', 'snapshot', 'targets']) repo.rotate(role);
      const [after] = repo.signers['root'] ?? [];
      repo.signers['root'] = after === undefined ? [] : [...before.slice(-1), after];
      repo.root.expires = version < 20 ? '2030-01-01T00:00:00Z' : '2031-01-01T00:00:00Z';
      repo.putRoot();
      repo.signers['root'] = after === undefined ? [] : [after];
    }
    repo.release('targets');
    expect(plain((await ask(repo, folder.path)).versions)).toEqual({ root: 20, timestamp: 2, snapshot: 2, targets: 2 });
  });

  test.each([
    [
      'the old keys',
      (repo: Forge, before: Forge['signers'][string]) =>
        (repo.signers['root'] = (repo.signers['root'] ?? []).filter((signer) => !before.includes(signer))),
    ],
    ['the new keys', (repo: Forge, before: Forge['signers'][string]) => (repo.signers['root'] = before)],
  ])('S34 a root that is not signed by %s is refused, and the one before it stays', async (_who, change) => {
    await using folder = await tempFolder();
    const repo = forge();
    const before = repo.signers['root'] ?? [];
    repo.rotate('root');
    repo.signers['root'] = [...before, ...(repo.signers['root'] ?? [])];
    change(repo, before);
    repo.putRoot();
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: root is signed by 0 of the 1 keys that it needs');
    expect(plain((await loadStoredVersions(repo, folder.path)) ?? {})).toEqual({});
    repo.files.delete('metadata/2.root.json');
    expect(plain((await ask(repo, folder.path)).versions)['root']).toBe(1);
  });

  test('S34 a root under the wrong number is refused', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.putRoot();
    repo.putRoot();
    repo.files.set('metadata/2.root.json', repo.files.get('metadata/3.root.json') ?? Buffer.alloc(0));
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: the new root has version 3 instead of 2');
    repo.files.set('metadata/2.root.json', repo.files.get('metadata/1.root.json') ?? Buffer.alloc(0));
    expect(await verdict(ask(repo, folder.path))).toBe('check/untrusted: the new root has version 1 instead of 2');
  });

  test('S34 a newer root that came with the product is taken, and with it the rotation that it means', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.timestamp.version = 99_999;
    repo.release();
    await ask(repo, folder.path);
    repo.rotate('timestamp');
    repo.putRoot();
    repo.timestamp.version = 1;
    repo.release();
    const shipped = repo.files.get('metadata/2.root.json') ?? Buffer.alloc(0);
    repo.files.delete('metadata/2.root.json');
    const trust = { ...trustIn(repo, folder.path), trustedRoot: shipped };
    expect(plain((await refresh(trust, repo.fetch, quietJob())).versions)).toMatchObject({ root: 2, timestamp: 2 });
  });

  /** What can be had from stored files alone, or null. */
  async function loadStoredVersions(repo: Forge, folder: string): Promise<Record<string, number> | null> {
    return loadStored(trustIn(repo, folder)).then(
      ({ versions }) => ({ ...versions }),
      () => null,
    );
  }
});

describe('R12 a wrong clock', () => {
  test('R12 ten years ahead: refused with a reason, and good again when the clock is', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    await (await ask(repo, folder.path)).target('hello.txt');
    const { versions: floor } = await loadStored(trustIn(repo, folder.path));
    expect(await verdict(ask(repo, folder.path, { now: later(3650), floor }))).toBe(
      'check/stale: root is stale since 2031-01-01T00:00:00Z',
    );
    const stored = await loadStored(trustIn(repo, folder.path, { now: later(3650), floor }));
    expect(Buffer.from(await stored.target('hello.txt')).toString()).toBe('hello');
    repo.release('targets');
    expect(plain((await ask(repo, folder.path, { floor })).versions)['timestamp']).toBe(2);
  });

  test('R12 ten years back: what is signed later than that still counts as the time, so the expired stays expired', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    const past = { now: later(-3650) };
    repo.snapshot.expires = '2030-01-01T00:00:00Z';
    repo.release();
    expect(await verdict(ask(repo, folder.path, past))).toBe('ok');
    repo.timestamp['moult_signed_at'] = '2030-05-31T00:00:00Z';
    repo.release();
    expect(await verdict(ask(repo, folder.path, past))).toBe('check/stale: snapshot is stale since 2030-01-01T00:00:00Z');
    repo.snapshot.expires = '2031-01-01T00:00:00Z';
    repo.release();
    expect(await verdict(ask(repo, folder.path, past))).toBe('ok');
    expect(await verdict(ask(repo, folder.path))).toBe('ok');
  });
});
