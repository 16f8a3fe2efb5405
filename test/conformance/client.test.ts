import { spawn } from 'node:child_process';
import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../ground/folder.ts';
import { delegate, forge, type Forge } from '../updater/trust/forge.ts';

const program = fileURLToPath(new URL('./client', import.meta.url));

/** A forge behind HTTP as the suite serves it, and the suite's client with its folders. */
async function stage(repo: Forge): Promise<AsyncDisposable & { folder: string; run(...command: string[]): Promise<number | null> }> {
  const folder = await tempFolder();
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    void repo.fetch(name.startsWith('targets/') ? decodeURIComponent(name) : name, 0).then((bytes) => {
      response.writeHead(bytes === null ? 404 : 200).end(bytes);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await writeFile(join(folder.path, 'initial.json'), repo.files.get('metadata/1.root.json') ?? '');
  const given = ['--metadata-dir', join(folder.path, 'metadata'), '--metadata-url', `${url}/metadata/`];
  const targets = ['--target-dir', join(folder.path, 'targets'), '--target-base-url', `${url}/targets`];
  return {
    folder: folder.path,
    run: async (...command) => {
      const child = spawn(program, [...given, ...targets, ...command], { stdio: 'ignore' });
      const [code] = await once(child, 'exit');
      return typeof code === 'number' ? code : null;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the conformance command line', () => {
  test('initialises without a request, refreshes, downloads several targets, and caches them', async () => {
    const repo = forge();
    repo.add('targets', 'path/to/a/file.txt', 'contents');
    repo.release('targets');
    await using client = await stage(repo);
    expect(await client.run('init', join(client.folder, 'initial.json'))).toBe(0);
    expect(repo.asked).toEqual([]);
    expect(await client.run('refresh')).toBe(0);
    expect(repo.asked).toEqual(['metadata/2.root.json', 'metadata/timestamp.json', 'metadata/2.snapshot.json', 'metadata/2.targets.json']);
    const metadata = (await readdir(join(client.folder, 'metadata'))).filter((name) => name.endsWith('.json'));
    expect(metadata.toSorted()).toEqual(['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
    expect(await readFile(join(client.folder, 'metadata', 'targets.json'))).toEqual(repo.files.get('metadata/2.targets.json'));
    const wanted = ['--target-name', 'hello.txt', '--target-name', 'path/to/a/file.txt'];
    expect(await client.run(...wanted, 'download')).toBe(0);
    const files = await readdir(join(client.folder, 'targets'));
    const contents = await Promise.all(files.toSorted().map((name) => readFile(join(client.folder, 'targets', name), 'utf8')));
    expect(contents).toEqual(['hello', 'contents']);
    repo.asked.length = 0;
    expect(await client.run(...wanted, 'download')).toBe(0);
    expect(repo.asked.filter((name) => name.startsWith('targets/'))).toEqual([]);
  });

  test('answers 1 to a missing target, a rollback, a broken root and an unknown command', async () => {
    const repo = forge();
    delegate(repo, 'targets', { name: '../up' });
    repo.release('targets', '../up');
    await using client = await stage(repo);
    expect(await client.run('init', join(client.folder, 'initial.json'))).toBe(0);
    expect(await client.run('--target-name', 'missing', 'download')).toBe(1);
    expect(repo.asked).toContain('metadata/1...%2Fup.json');
    expect((await readdir(join(client.folder, 'metadata'))).filter((name) => name.endsWith('.json')).length).toBe(5);
    repo.timestamp.version = 1;
    repo.put('timestamp');
    expect(await client.run('refresh')).toBe(1);
    expect(JSON.parse(await readFile(join(client.folder, 'metadata', 'timestamp.json'), 'utf8'))).toMatchObject({ signed: { version: 2 } });
    expect(await client.run('something')).toBe(1);
    await writeFile(join(client.folder, 'metadata', 'root.json'), '{}');
    repo.asked.length = 0;
    expect(await client.run('refresh')).toBe(1);
    expect(repo.asked).toEqual([]);
  });

  test('reads RSA and ECDSA keys, which the product does not', async () => {
    const repo = forge();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    foreign(repo, 'timestamp', { ...rsa, keytype: 'rsa', scheme: 'rsassa-pss-sha256', padding: constants.RSA_PKCS1_PSS_PADDING });
    foreign(repo, 'snapshot', { ...ec, keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' });
    foreign(repo, 'targets', { ...rsa, keytype: 'rsa', scheme: 'rsa-pkcs1v15-sha256', padding: constants.RSA_PKCS1_PADDING });
    repo.putRoot();
    repo.release('targets');
    await using client = await stage(repo);
    expect(await client.run('init', join(client.folder, 'initial.json'))).toBe(0);
    expect(await client.run('refresh')).toBe(0);
    repo.signers['snapshot'] = repo.signers['targets'] ?? [];
    repo.release('targets');
    expect(await client.run('refresh')).toBe(1);
  });
});

interface Foreign {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly keytype: string;
  readonly scheme: string;
  readonly padding?: number;
}

/** Gives a role a key of another kind. */
function foreign(repo: Forge, role: string, { publicKey, privateKey, keytype, scheme, padding }: Foreign): void {
  const text = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const id = createHash('sha256').update(`${role}${text}`).digest('hex');
  repo.root.keys[id] = { keytype, scheme, keyval: { public: text } };
  repo.root.roles[role] = { keyids: [id], threshold: 1 };
  const options = padding === undefined ? { key: privateKey } : { key: privateKey, padding };
  const [ours] = repo.signers[role] ?? [];
  if (ours !== undefined) repo.signers[role] = [{ ...ours, id, sign: (message) => sign('sha256', message, options) }];
}
