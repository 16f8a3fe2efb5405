import { describe, expect, test } from 'vitest';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { canonicalJson } from '../../../src/updater/disk/json.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { believe, fetchManifest } from '../../../src/updater/trust/release.ts';
import { tempFolder } from '../../ground/folder.ts';
import { manifestWith } from '../../ground/manifests.ts';
import { ask, forge, sha256, verdict } from './forge.ts';

const what = { product: 'moult', channel: 'stable', platform: 'linux', arch: 'x64' };
const tree = { files: [{ path: 'a', size: 1, sha256: sha256('a'), mode: 'file', part: 'app' }], links: [] } as const;
const manifest = manifestWith({ version: '2.0.0', tree: { digest: treeDigest(tree), files: [...tree.files], links: [] } });

/** The release list's line for a manifest, and the manifest's bytes under its name. */
function publish(document: object, entry: object = {}): { entry: Entry; fetch: (name: string) => Promise<Uint8Array | null> } {
  const bytes = Buffer.from(canonicalJson(document));
  const named = { sha256: sha256(bytes), size: bytes.length };
  return {
    entry: { version: '2.0.0', treeDigest: manifest.tree.digest, manifest: named, ...entry },
    fetch: async (name) => (name === `manifests/${named.sha256}.json` ? bytes : null),
  };
}

interface Entry {
  readonly version: string;
  readonly treeDigest: string;
  readonly manifest: { readonly sha256: string; readonly size: number };
}

describe('the two lists', () => {
  const list = { schema: '1.0', product: 'moult', platform: 'linux', arch: 'x64', releases: [] };
  const offers = { schema: '1.0', product: 'moult', channel: 'stable', platform: 'linux', arch: 'x64', offers: [], withdrawn: [] };

  /** What comes of it when these stand under our names. */
  async function believed(listed: object, offered: object): Promise<string> {
    await using folder = await tempFolder();
    const repo = forge();
    repo.add('targets', 'releases/linux-x64.json', JSON.stringify(listed));
    repo.add('targets', 'offers/stable/linux-x64.json', JSON.stringify(offered));
    repo.release('targets');
    return await verdict(believe(await ask(repo, folder.path), what));
  }

  test('are believed when they are about this product', async () => {
    expect(await believed(list, offers)).toBe('ok');
  });

  test.each([
    ['product', 'other'],
    ['platform', 'win32'],
    ['arch', 'arm64'],
  ])('S06 signed for another %s are refused', async (field, value) => {
    const expected = `says ${field} "${value}" instead of`;
    expect(await believed({ ...list, [field]: value }, offers)).toMatch(`check/untrusted: the release list ${expected}`);
    expect(await believed(list, { ...offers, [field]: value })).toMatch(`check/untrusted: the offers ${expected}`);
  });

  test('S06 signed for another channel are refused', async () => {
    expect(await believed(list, { ...offers, channel: 'beta' })).toBe(
      'check/untrusted: the offers says channel "beta" instead of "stable"',
    );
  });

  test('of a shape that we do not know are told apart from those of a later kind', async () => {
    expect(await believed({ ...list, schema: '2.0' }, offers)).toMatch(/^check\/needs-updater: /);
    expect(await believed({ ...list, releases: {} }, offers)).toMatch(/^check\/invalid: release list releases/);
    expect(await believed(list, { ...offers, withdrawn: undefined })).toMatch(/^check\/invalid: offers withdrawn/);
  });

  test('that nobody published are no such version', async () => {
    await using folder = await tempFolder();
    expect(await verdict(believe(await ask(forge(), folder.path), what))).toBe(
      'check/no-such-version: nothing is published as releases/linux-x64.json',
    );
  });
});

describe('a manifest', () => {
  test('is what the release list says', async () => {
    const { entry, fetch } = publish(manifest);
    expect(await fetchManifest(entry, what, fetch)).toEqual(manifest);
  });

  test.each<[string, Partial<Manifest>, string]>([
    ['S05 of an old version under a higher number', { version: '1.0.0' }, 'version "1.0.0" instead of "2.0.0"'],
    ['S06 for another platform', { platform: 'win32' }, 'platform "win32" instead of "linux"'],
    ['S06 for another architecture', { arch: 'arm64' }, 'arch "arm64" instead of "x64"'],
    ['S06 of another product', { product: 'other' }, 'product "other" instead of "moult"'],
    ['S09 with the tree of another version', { tree: { ...manifest.tree, digest: sha256('other') } }, 'digest'],
    ['S09 with files that are not its tree', { tree: { ...manifest.tree, files: [] } }, 'digest'],
  ])('%s is refused', async (_what, change, expected) => {
    const { entry, fetch } = publish({ ...manifest, ...change });
    const answer = await verdict(fetchManifest(entry, what, fetch));
    expect(answer).toMatch(/^check\/untrusted: the manifest/);
    expect(answer).toContain(expected);
  });

  test('S05 of a tree that the release list does not name for this version is refused', async () => {
    const { entry, fetch } = publish(manifest, { treeDigest: sha256('old') });
    expect(await verdict(fetchManifest(entry, what, fetch))).toMatch(/^check\/untrusted: the manifest's tree says digest/);
  });

  test('S09 that is not the one named is refused, whatever it says', async () => {
    const { entry, fetch } = publish(manifest);
    const other = async (name: string): Promise<Uint8Array> => Buffer.concat([(await fetch(name)) ?? Buffer.alloc(0), Buffer.from(' ')]);
    expect(await verdict(fetchManifest(entry, what, other))).toMatch(/^check\/untrusted: .* is not what the release list names$/);
    const flipped = async (name: string): Promise<Uint8Array> => Buffer.from((await fetch(name)) ?? '').fill('x', 5, 6);
    expect(await verdict(fetchManifest(entry, what, flipped))).toMatch(/^check\/untrusted: .* is not what the release list names$/);
    const longer = { ...entry, manifest: { ...entry.manifest, size: entry.manifest.size + 1 } };
    expect(await verdict(fetchManifest(longer, what, fetch))).toMatch(/^check\/untrusted: .* is not what the release list names$/);
    expect(await verdict(fetchManifest(entry, what, async () => null))).toMatch(/^check\/offline: .* is not there$/);
  });

  test('S33 is asked for with its signed size as the limit', async () => {
    const { entry, fetch } = publish(manifest);
    const limits: number[] = [];
    await fetchManifest(entry, what, (name, maxBytes) => {
      limits.push(maxBytes);
      return fetch(name);
    });
    expect(limits).toEqual([entry.manifest.size]);
  });
});
