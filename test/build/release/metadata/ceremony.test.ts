/** The ceremonies of docs/keys.md as a person types them. */
import { readFile, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Terminal } from '../../../../build/release/commands/terminal.ts';
import { main } from '../../../../build/release/main.ts';
import { keyRoles, openKeys } from '../../../../build/release/metadata/keys.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { refresh } from '../../../../src/updater/trust/client.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { plain, verdict } from '../../../updater/trust/forge.ts';

interface Ceremony extends AsyncDisposable {
  readonly path: string;
  /** Runs a command and returns its document; `input` is what stands on its standard input. */
  act(line: string, input?: string): Promise<Record<string, unknown>>;
  /** What a client believes that started with the first root and remembers. */
  follow(): Promise<Record<string, number>>;
}

async function ceremony(): Promise<Ceremony> {
  const folder = await tempFolder();
  const at = (word: string): string => (/^(?:repo|keys|new|safe|online|ann|ben|cat)/.test(word) ? join(folder.path, word) : word);
  const act = async (line: string, input = ''): Promise<Record<string, unknown>> => {
    let out = '';
    const terminal: Terminal = {
      out: (text) => void (out += text),
      err: () => undefined,
      input: async () => input,
      columns: null,
      signal: new AbortController().signal,
    };
    const [command = '', ...rest] = line.split(' ');
    await main([command, ...rest.map(at), '--json'], terminal);
    const value: Record<string, unknown> = JSON.parse(out);
    return value;
  };
  const follow = async (): Promise<Record<string, number>> => {
    const trustedRoot = await readFile(join(folder.path, 'repo/metadata/1.root.json'));
    const trust = { folder: join(folder.path, 'trust'), trustedRoot, floor: {}, now: new Date() };
    const trusted = await refresh(trust, (name) => readFile(join(folder.path, 'repo', name)).catch(() => null), quietJob());
    await verdict(trusted.target('offers/none/none'));
    return plain(trusted.versions);
  };
  return { path: folder.path, act, follow, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const failed = (code: string, detail: RegExp) => ({ failure: { code, detail: expect.stringMatching(detail), retry: expect.any(String) } });

describe('rotate-key', () => {
  test.each(keyRoles)('S34 exchanges the keys of %s, and clients follow', async (role) => {
    await using made = await ceremony();
    const { act, follow } = made;
    await act('keygen --out keys');
    await act('init --repo repo --keys keys');
    await follow();
    const before = (await openKeys(join(made.path, 'keys')))[role].map(({ id }) => id);
    expect(await act(`rotate-key ${role} --repo repo --keys keys --out new`)).toMatchObject({ role, replaced: before });
    for (const name of await readdir(join(made.path, 'new'))) {
      expect((await stat(join(made.path, 'new', name))).mode & 0o777).toBe(0o600);
      await rename(join(made.path, 'new', name), join(made.path, 'keys', name));
    }
    expect((await follow())['root']).toBe(role === 'channels' ? 1 : 2);
    expect(await act('timestamp --repo repo --keys keys')).toHaveProperty('expires');
    await follow();
  });

  test('S26 leads from one person to a team: three keys, two of which must sign from then on', async () => {
    await using made = await ceremony();
    const { act, follow } = made;
    await act('keygen --out keys');
    await act('init --repo repo --keys keys');
    for (const person of ['ann', 'ben', 'cat']) expect(await act(`keygen --role root --out ${person}`)).toMatchObject({ role: 'root' });
    expect(await act('rotate-key root --repo repo --keys keys --new-keys ann ben --profile team')).toEqual(
      failed('usage/wrong', /is to have 3 root keys, not 2/),
    );
    await act('rotate-key root --repo repo --keys keys --new-keys ann ben cat --profile team');
    expect((await follow())['root']).toBe(2);
    expect(await act('rotate-key timestamp --repo repo --keys ann keys --out new')).toEqual(
      failed('usage/wrong', /^root needs 2 of its keys/),
    );
    await act('rotate-key timestamp --repo repo --keys ann cat keys --new-keys new');
    expect((await follow())['root']).toBe(3);
  });

  test('S31 keys and passphrases come from standard input and nowhere else', async () => {
    await using made = await ceremony();
    const { act } = made;
    await act('keygen --out keys --encrypt', 'correct horse\n');
    await act('init --repo repo --keys keys', 'correct horse\n');
    const files = await readdir(join(made.path, 'keys'));
    const lines = await Promise.all(files.map((name) => readFile(join(made.path, 'keys', name), 'utf8')));
    expect(await act('timestamp --repo repo --keys -', `correct horse\n${lines.join('')}`)).toHaveProperty('expires');
    expect(await act('timestamp --repo repo --keys -', lines.join(''))).toEqual(failed('usage/wrong', /is encrypted/));
    expect(await act('timestamp --repo repo --keys -', 'wrong horse\n')).toEqual(failed('usage/wrong', /^no keys came/));
    await act('rotate-key snapshot --repo repo --keys keys --out new --encrypt', 'correct horse\nbattery staple\n');
    expect(await verdict(openKeys(join(made.path, 'new'), 'correct horse'))).toMatch(/^usage\/wrong: the passphrase does not open/);
    expect((await openKeys(join(made.path, 'new'), 'battery staple')).snapshot.length).toBe(1);
  });

  test('changes nothing when it cannot be carried out', async () => {
    await using made = await ceremony();
    const { act, follow } = made;
    await act('keygen --out keys');
    await act('init --repo repo --keys keys');
    expect(await act('rotate-key targets --repo repo --keys keys')).toEqual(failed('usage/wrong', /either --out or --new-keys/));
    expect(await act('rotate-key targets --repo repo --keys keys --out new --profile team')).toEqual(
      failed('usage/wrong', /is about root keys/),
    );
    expect(await act('rotate-key targets --repo repo --keys keys --out keys')).toEqual(failed('usage/wrong', /exists already/));
    expect(await follow()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, channels: 1 });
  });

  test('a publisher of evolutions gives us a public key, and we let them in and out', async () => {
    await using made = await ceremony();
    const { act } = made;
    await act('keygen --out keys');
    await act('init --repo repo --keys keys');
    const { publicKey } = await act('keygen --role publisher --out ann');
    expect(await act(`publisher add acme --repo repo --keys keys --public-key ${String(publicKey)}`)).toEqual({ added: 'acme' });
    expect(await act('publisher list --repo repo')).toMatchObject({ publishers: [{ name: 'acme' }] });
    expect(await act('publisher revoke acme --repo repo --keys keys')).toEqual({ revoked: 'acme' });
    expect(await act('publisher list --repo repo')).toEqual({ publishers: [] });
    expect(await act(`publisher add acme --repo repo --keys keys --public-key ${'00'.repeat(32)}`)).toEqual(
      failed('usage/wrong', /not a sound/),
    );
  });
});
