import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeys, openKeys, type Keys } from '../../../../build/release/metadata/keys.ts';
import { initRepository, publish } from '../../../../build/release/metadata/publish.ts';
import { addPublisher, listPublishers, publishAs, revokePublisher } from '../../../../build/release/metadata/publishers.ts';
import { signerOf } from '../../../../build/release/metadata/sign.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { refresh } from '../../../../src/updater/trust/client.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { verdict } from '../../../updater/trust/forge.ts';

const now = new Date('2030-06-01T12:00:00Z');
const [acme, other] = [signerOf(randomBytes(32)), signerOf(randomBytes(32))];
const index = 'evolutions/acme/index.json';

interface Made extends AsyncDisposable {
  readonly repo: string;
  readonly keys: Keys;
  /** What a client that remembers gets under a name. */
  read(name: string): Promise<string>;
}

async function made(): Promise<Made> {
  const folder = await tempFolder();
  await createKeys(join(folder.path, 'keys'), 'solo');
  const keys = await openKeys(join(folder.path, 'keys'));
  const repo = join(folder.path, 'repo');
  await initRepository(repo, keys, now);
  const trustedRoot = await readFile(join(repo, 'metadata/1.root.json'));
  const trust = { folder: join(folder.path, 'trust'), trustedRoot, floor: {}, now };
  const read = async (name: string): Promise<string> => {
    const trusted = await refresh(trust, (file) => readFile(join(repo, file)).catch(() => null), quietJob());
    return String(await trusted.target(name));
  };
  return { repo, keys, read, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('a publisher of evolutions', () => {
  test('is added, publishes with a key of their own, and is followed by clients', async () => {
    await using made1 = await made();
    const { repo, keys, read } = made1;
    await addPublisher(repo, keys, { name: 'acme', publicKeys: [acme.key], now });
    expect(await listPublishers(repo)).toEqual([{ name: 'acme', keyids: [acme.id] }]);
    await publishAs({ name: 'acme', signer: acme }, { repo, keys }, { files: { [index]: Buffer.from('one') }, now });
    expect(await read(index)).toBe('one');
    await publishAs({ name: 'acme', signer: acme }, { repo, keys }, { files: { [index]: Buffer.from('two') }, now });
    await publish(repo, keys, { targets: { 'releases/linux-x64.json': Buffer.from('list') }, now });
    expect([await read(index), await read('releases/linux-x64.json')]).toEqual(['two', 'list']);
  });

  test('S29 who is revoked is believed nothing more, also by who believed it before', async () => {
    await using made1 = await made();
    const { repo, keys, read } = made1;
    await addPublisher(repo, keys, { name: 'acme', publicKeys: [acme.key], now });
    await publishAs({ name: 'acme', signer: acme }, { repo, keys }, { files: { [index]: Buffer.from('one') }, now });
    await read(index);
    await revokePublisher(repo, keys, { name: 'acme', now });
    expect(await verdict(read(index))).toBe(`check/no-such-version: nothing is published as ${index}`);
    expect(await verdict(revokePublisher(repo, keys, { name: 'acme', now }))).toBe('usage/wrong: there is no publisher acme');
    const again = { files: { [index]: Buffer.from('two') }, now };
    expect(await verdict(publishAs({ name: 'acme', signer: acme }, { repo, keys }, again))).toMatch(/^usage\/wrong: this key/);
  });

  test('S29 has no say in the folder of another, by its own words or by ours', async () => {
    await using made1 = await made();
    const { repo, keys, read } = made1;
    await addPublisher(repo, keys, { name: 'acme', publicKeys: [acme.key], now });
    await addPublisher(repo, keys, { name: 'other', publicKeys: [other.key], now });
    const wrong = { files: { [index]: Buffer.from('evil') }, now };
    expect(await verdict(publishAs({ name: 'other', signer: other }, { repo, keys }, wrong))).toMatch(/^usage\/wrong: .* is not below/);
    expect(await verdict(publishAs({ name: 'acme', signer: other }, { repo, keys }, wrong))).toMatch(/^usage\/wrong: this key/);
    const mine = 'evolutions/other/index.json';
    await publishAs({ name: 'other', signer: other }, { repo, keys }, { files: { [mine]: Buffer.from('mine') }, now });
    await publishAs({ name: 'acme', signer: acme }, { repo, keys }, { files: { [index]: Buffer.from('theirs') }, now });
    expect([await read(mine), await read(index)]).toEqual(['mine', 'theirs']);
  });

  test('may exchange their key, after which the old one counts for nothing', async () => {
    await using made1 = await made();
    const { repo, keys, read } = made1;
    await addPublisher(repo, keys, { name: 'acme', publicKeys: [acme.key], now });
    await publishAs({ name: 'acme', signer: acme }, { repo, keys }, { files: { [index]: Buffer.from('one') }, now });
    await addPublisher(repo, keys, { name: 'acme', publicKeys: [other.key], now });
    expect(await verdict(read(index))).toMatch(/^check\/untrusted: evolutions-acme is signed by 0 of the 1 keys/);
    await publishAs({ name: 'acme', signer: other }, { repo, keys }, { files: { [index]: Buffer.from('two') }, now });
    expect(await read(index)).toBe('two');
  });

  test('cannot be added by the online keys', async () => {
    await using made1 = await made();
    const { repo, keys } = made1;
    const online = { ...keys, root: [], targets: [] };
    expect(await verdict(addPublisher(repo, online, { name: 'acme', publicKeys: [acme.key], now }))).toMatch(
      /^usage\/wrong: targets needs 1/,
    );
    expect(await listPublishers(repo)).toEqual([]);
  });
});
