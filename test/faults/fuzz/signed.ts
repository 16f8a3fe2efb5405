/** Signed metadata, the two lists, manifests, and signatures themselves. */
import assert from 'node:assert';
import { createPublicKey, verify } from 'node:crypto';
import { signMetadata } from '../../../build/release/metadata/sign.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { canonicalJson, parseJson } from '../../../src/updater/disk/json.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { parseManifest } from '../../../src/updater/model/manifest.ts';
import { parseOffers, parseReleaseList } from '../../../src/updater/model/offers.ts';
import { pathProblem } from '../../../src/updater/model/tree.ts';
import { chooseRelease } from '../../../src/updater/trust/choose.ts';
import { canonicalBytes, parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../../../src/updater/trust/metadata.ts';
import { fetchManifest } from '../../../src/updater/trust/release.ts';
import { requireVotes, verifyEd25519 } from '../../../src/updater/trust/signature.ts';
import { topLevel } from '../../../src/updater/trust/workflow.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';
import { delegate, forge, newSigner, readQuickly, sha256 } from '../../updater/trust/forge.ts';
import type { Random } from '../../updater/patches/random.ts';
import { otherBytes, otherValue } from './change.ts';
import type { Subject } from './subject.ts';

/** What a reader may throw, and nothing else. */
export async function refusedWith(codes: readonly string[], read: () => unknown): Promise<'refused' | 'accepted'> {
  try {
    await read();
    return 'accepted';
  } catch (error) {
    if (error instanceof Failed && codes.includes(error.code)) return 'refused';
    throw error;
  }
}

const repo = forge();
delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'], terminating: true });
repo.release('targets', 'channels');
const root = parseRoot(repo.files.get('metadata/1.root.json') ?? Buffer.alloc(0)).body;
const kinds = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot, targets: parseTargets } as const;

/** One role's metadata: changed after it was signed, or signed however strange it is. */
export function metadataOf(role: keyof typeof kinds): Subject {
  const file = { root: '1.root', timestamp: 'timestamp', snapshot: '2.snapshot', targets: '2.targets' }[role];
  const right = repo.files.get(`metadata/${file}.json`) ?? Buffer.alloc(0);
  const whole: { signed: object; signatures: object[] } = JSON.parse(String(right));
  const signer = repo.signers[role]?.[0];
  const make = (random: Random): Uint8Array => {
    const kind = random.below(3);
    if (kind === 0) return otherBytes(right, random);
    if (kind === 1) return Buffer.from(JSON.stringify(otherValue(whole, random)));
    const signed = otherValue(whole.signed, random);
    try {
      return signMetadata(typeof signed === 'object' && signed !== null ? signed : {}, signer === undefined ? [] : [signer]);
    } catch {
      return Buffer.from(JSON.stringify({ ...whole, signed })); // Normal: not everything has a canonical form to sign.
    }
  };
  const judge = (input: Uint8Array): Promise<'refused' | 'accepted'> =>
    refusedWith(['check/untrusted'], () => {
      const signed = kinds[role](input);
      requireVotes(signed, topLevel(root, role), readQuickly);
      // Read by another parser, it must be what the role's key has signed, by another implementation's word.
      const { signed: body, signatures }: { signed: unknown; signatures: { sig: string }[] } = JSON.parse(String(input));
      const message = canonicalBytes(body);
      const publicKey = nodeKey(Buffer.from(signer?.key.keyval.public ?? '', 'hex'));
      assert(
        signatures.some(({ sig }) => verify(null, message, publicKey, Buffer.from(sig, 'hex'))),
        'believed and not signed',
      );
    });
  return { name: `metadata of ${role}`, share: 9, make, judge };
}

function nodeKey(raw: Uint8Array): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' });
}

/** A key, a signature and a message, one of them not quite right; what we accept, OpenSSL has to accept too. */
export function signatures(): Subject {
  const signer = newSigner();
  const [key, message] = [Buffer.from(signer.key.keyval.public, 'hex'), Buffer.from('what is signed')];
  const right = Buffer.concat([key, signer.sign(message), message]);
  const judge = async (input: Uint8Array): Promise<'refused' | 'accepted'> => {
    const [rawKey, signature, text] = [input.subarray(0, 32), input.subarray(32, 96), input.subarray(96)];
    if (!verifyEd25519(rawKey, text, signature)) return 'refused';
    assert(verify(null, text, nodeKey(rawKey), signature), 'valid for us and not for OpenSSL');
    return 'accepted';
  };
  return { name: 'Ed25519 signatures', share: 2, make: (random) => (random.below(9) === 0 ? right : otherBytes(right, random)), judge };
}

const files = ['app', 'bin/run', 'a/b/c'].map(
  (path) => ({ path, size: 1, sha256: digestOf(path), mode: path.startsWith('bin') ? 'program' : 'file', part: 'app' }) as const,
);
const tree = { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), links: [{ path: 'link', target: 'app' }] };
const manifest = manifestWith({ version: '2.0.0', tree: { ...tree, digest: treeDigest(tree) }, entry: { program: 'bin/run', args: [] } });

/** A manifest that is named by its digest: read on its own, and where the right one is expected. */
export function manifests(): Subject {
  const right = Buffer.from(canonicalJson(manifest));
  const entry = { version: '2.0.0', treeDigest: manifest.tree.digest, manifest: { sha256: sha256(right), size: right.length } };
  const make = (random: Random): Uint8Array =>
    random.below(3) === 0 ? otherBytes(right, random) : Buffer.from(JSON.stringify(otherValue(manifest, random)));
  const judge = async (input: Uint8Array): Promise<'refused' | 'accepted'> => {
    const isRight = Buffer.compare(input, right) === 0;
    const expected = await refusedWith(['check/untrusted', 'check/invalid', 'check/needs-updater'], () =>
      fetchManifest(entry, manifest, async () => input),
    );
    assert.strictEqual(expected, isRight ? 'accepted' : 'refused', 'another manifest than the one that is named');
    return refusedWith(['check/invalid', 'check/needs-updater'], () => {
      const read = parseManifest(parseJson(input, { maxBytes: 64 * 1024 ** 2 }, 'check/invalid'));
      for (const { path } of [...read.tree.files, ...read.tree.links]) assert.strictEqual(pathProblem(path), null);
      assert.deepStrictEqual(parseManifest(JSON.parse(canonicalJson(read))), read);
    });
  };
  return { name: 'manifests', share: 18, make, judge };
}

const common = { schema: '1.0', product: 'moult', platform: 'linux', arch: 'x64' };
const entries = ['2.0.0', '1.5.0', '0.9.0'].map((version) => ({
  version,
  treeDigest: digestOf(`tree ${version}`),
  manifest: { sha256: digestOf(version), size: 10 },
}));
const lists = {
  list: { ...common, releases: entries },
  offers: {
    ...common,
    channel: 'stable',
    offers: entries.map(({ version, manifest: named }) => ({
      version,
      manifest: named,
      ramp: [{ at: '2026-01-01T00:00:00Z', percent: 100 }],
      paused: false,
      needs: { updater: null, os: null, libc: null, minFrom: null },
    })),
    withdrawn: [{ version: '1.5.0', reason: 'it eats files' }],
  },
};

/** Both lists; what is chosen from whatever is accepted is published, higher, and not withdrawn. */
export function offers(): Subject {
  const right = Buffer.from(canonicalJson(lists));
  const make = (random: Random): Uint8Array =>
    random.below(3) === 0 ? otherBytes(right, random) : Buffer.from(JSON.stringify(otherValue(otherValue(lists, random), random)));
  const have = { version: '1.0.0', machineId: 'm', updaterVersion: '1.0.0', os: '6.1', libc: null, now: new Date('2030-01-01T00:00:00Z') };
  const judge = (input: Uint8Array): Promise<'refused' | 'accepted'> =>
    refusedWith(['check/invalid', 'check/needs-updater'], () => {
      const value = parseJson(input, { maxBytes: 1024 ** 2 }, 'check/invalid');
      const given = typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map<string, unknown>();
      const believed = { list: parseReleaseList(given.get('list')), offers: parseOffers(given.get('offers')) };
      const choice = chooseRelease(believed, have);
      if (choice.kind === 'none') return;
      assert(believed.list.releases.includes(choice.entry), 'not published');
      assert(!believed.offers.withdrawn.some(({ version }) => version === choice.entry.version), 'withdrawn');
      assert(choice.entry.version !== '1.0.0' && !choice.entry.version.startsWith('0.'), 'not higher');
    });
  return { name: 'release lists and offers', share: 15, make, judge };
}
