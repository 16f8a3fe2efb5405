import nacl from 'tweetnacl';
import { describe, expect, test } from 'vitest';
import { signerOf } from '../../../build/release/metadata/sign.ts';
import { readEd25519, verifyEd25519 } from '../../../src/updater/trust/signature.ts';
import { tempFolder } from '../../ground/folder.ts';
import { ask, forge, newSigner, verdict, type Forge } from './forge.ts';

const prime = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const message = Buffer.from('what is signed');

/** Little-endian, 32 bytes. */
function bytesOf(number: bigint): Buffer {
  return Buffer.from(Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex')).toReversed());
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(Uint8Array.from(bytes).toReversed()).toString('hex')}`);
}

/** The same signature with S + L in place of S, which tweetnacl takes for another valid one. */
function malleated(signature: Uint8Array): Buffer {
  return Buffer.concat([signature.subarray(0, 32), bytesOf(numberOf(signature.subarray(32)) + order)]);
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square, rest] = [1n, base, exponent];
  while (rest > 0n) {
    if (rest & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
    rest >>= 1n;
  }
  return result;
}

/** The y coordinates of all points of order 1, 2, 4 and 8 on -x² + y² = 1 + dx²y², found by solving for them. */
function smallOrderPoints(): bigint[] {
  const d = (-121665n * power(121666n, prime - 2n)) % prime;
  const rootsOf = (square: bigint): bigint[] => {
    const root = power(square, (prime + 3n) / 8n);
    const other = (root * power(2n, (prime - 1n) / 4n)) % prime;
    return [root, other].filter((candidate) => (candidate * candidate - square) % prime === 0n).flatMap((y) => [y, prime - y]);
  };
  // A point of order 8 doubles to one with y = 0, so x² = -y², and the curve then says y² = (-1 ± √(1 + d)) / d.
  const ys = rootsOf((1n + d + prime) % prime).flatMap((root) =>
    rootsOf(((((root - 1n) * power((d + prime) % prime, prime - 2n)) % prime) + prime) % prime),
  );
  return [0n, 1n, prime - 1n, ...ys];
}

describe('S25 Ed25519', () => {
  const signer = signerOf(Buffer.alloc(32, 7));
  const publicKey = Buffer.from(signer.key.keyval.public, 'hex');
  const signature = signer.sign(message);

  test('S25 a signature is valid for its message and its key only', () => {
    expect(verifyEd25519(publicKey, message, signature)).toBe(true);
    expect(verifyEd25519(publicKey, Buffer.from('another'), signature)).toBe(false);
    expect(verifyEd25519(Buffer.from(newSigner().key.keyval.public, 'hex'), message, signature)).toBe(false);
  });

  test('S25 the malleated signature, which tweetnacl accepts, is not valid', () => {
    expect(nacl.sign.detached.verify(message, malleated(signature), publicKey)).toBe(true);
    expect(verifyEd25519(publicKey, message, malleated(signature))).toBe(false);
  });

  test.each([0, 1, 31, 32, 63, 65, 128])('S25 a signature of %i bytes is invalid and nothing is thrown', (length) => {
    expect(verifyEd25519(publicKey, message, Buffer.alloc(length, 1))).toBe(false);
    expect(verifyEd25519(publicKey, message, Buffer.concat([signature, signature]).subarray(0, length === 64 ? 63 : length))).toBe(false);
  });

  test.each([0, 31, 33])('S25 a key of %i bytes is invalid and nothing is thrown', (length) => {
    expect(verifyEd25519(Buffer.alloc(length, 1), message, signature)).toBe(false);
  });

  test('S25 no key of small order is used, in any spelling', () => {
    const ys = smallOrderPoints();
    expect(new Set(ys).size).toBe(5);
    const spellings = [...ys, prime, prime + 1n].flatMap((y) => [bytesOf(y), bytesOf(y + 2n ** 255n)]);
    for (const key of spellings) {
      expect(readEd25519({ keytype: 'ed25519', scheme: 'ed25519', keyval: { public: key.toString('hex') } })).toBeNull();
      // With R the key's own encoding and S zero, half of all messages would verify under such a key.
      for (let i = 0; i < 4; i += 1) {
        const forged = Buffer.concat([bytesOf(1n), bytesOf(0n)]);
        expect(verifyEd25519(key, Buffer.from([i]), forged)).toBe(false);
      }
    }
    const identity = bytesOf(1n);
    expect(nacl.sign.detached.verify(message, Buffer.concat([identity, bytesOf(0n)]), identity)).toBe(true);
  });

  test('S25 a y that is not below the prime is not a key', () => {
    for (let i = 0n; i < 19n; i += 1n) {
      const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: bytesOf(prime + i).toString('hex') } };
      expect(readEd25519(key)).toBeNull();
    }
  });

  test.each([
    ['another type', { keytype: 'rsa', scheme: 'ed25519' }],
    ['another scheme', { keytype: 'ed25519', scheme: 'ed25519ph' }],
    ['other text', { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: `${signer.key.keyval.public}00` } }],
    [
      'text that goes on after its hexadecimal',
      { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: `${signer.key.keyval.public}zz` } },
    ],
    ['no hexadecimal', { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'z'.repeat(64) } }],
  ])('S25 a key of %s is of no use', (_what, change) => {
    expect(readEd25519({ ...signer.key, ...change })).toBeNull();
  });
});

describe('S26 the threshold', () => {
  /** A forge whose timestamp needs `threshold` votes by these keys. */
  function needing(threshold: number, count: number): { repo: Forge; signers: Forge['signers'][string] } {
    const repo = forge();
    const signers = Array.from({ length: count }, newSigner);
    for (const signer of signers) repo.root.keys[signer.id] = signer.key;
    repo.root.roles['timestamp'] = { keyids: signers.map(({ id }) => id), threshold };
    repo.putRoot();
    return { repo, signers };
  }

  async function answer(repo: Forge): Promise<string> {
    await using folder = await tempFolder();
    return await verdict(ask(repo, folder.path, { readKey: readEd25519 }));
  }

  /** Puts other signatures on the timestamp that is served. */
  function resigned(repo: Forge, change: (signatures: { keyid: string; sig: string }[]) => unknown[]): void {
    const file: { signatures: { keyid: string; sig: string }[] } = JSON.parse(
      String(Buffer.from(repo.files.get('metadata/timestamp.json') ?? '')),
    );
    repo.files.set('metadata/timestamp.json', Buffer.from(JSON.stringify({ ...file, signatures: change(file.signatures) })));
  }

  test('S26 is reached by that many different keys', async () => {
    const { repo, signers } = needing(2, 3);
    repo.signers['timestamp'] = signers.slice(1);
    repo.release();
    expect(await answer(repo)).toBe('ok');
    repo.signers['timestamp'] = [...signers.slice(0, 1), newSigner()];
    repo.release();
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 1 of the 2 keys that it needs');
  });

  test('S26 one key under two ids has one vote', async () => {
    const { repo, signers } = needing(2, 1);
    const [signer] = signers;
    const twin = {
      id: 'ab'.repeat(32),
      key: { ...signer?.key, comment: 'the same' },
      sign: (bytes: Uint8Array) => signer?.sign(bytes) ?? bytes,
    };
    const shouting = { id: 'cd'.repeat(32), key: { ...signer?.key, keyval: { public: signer?.key.keyval.public.toUpperCase() } } };
    repo.root.keys[twin.id] = twin.key;
    repo.root.keys[shouting.id] = shouting.key;
    repo.root.roles['timestamp']?.keyids.push(twin.id, shouting.id);
    repo.putRoot();
    repo.signers['timestamp'] = signers;
    repo.release();
    resigned(repo, ([first]) => [first, { ...first, keyid: twin.id }, { ...first, keyid: shouting.id }]);
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 1 of the 2 keys that it needs');
    repo.root.roles['timestamp'] = { keyids: [twin.id], threshold: 1 };
    repo.putRoot();
    expect(await answer(repo)).toBe('ok');
  });

  test('S26 one signature twice, or malleated, makes no second vote', async () => {
    const { repo, signers } = needing(2, 2);
    repo.signers['timestamp'] = signers.slice(0, 1);
    repo.release();
    const second = signers[1]?.id;
    resigned(repo, ([first]) => [first, { ...first, keyid: second }]);
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 1 of the 2 keys that it needs');
    resigned(repo, ([first]) => [first, { keyid: second, sig: malleated(Buffer.from(first?.sig ?? '', 'hex')).toString('hex') }]);
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 1 of the 2 keys that it needs');
    resigned(repo, ([first]) => [first, first]);
    expect(await answer(repo)).toBe('check/untrusted: timestamp signatures: has two signatures under one key id');
  });

  test.each([
    ['cut short', (sig: string) => sig.slice(0, 126)],
    ['too long', (sig: string) => `${sig}00`],
    ['followed by other letters', (sig: string) => `${sig}zz`],
    ['empty', () => ''],
  ])('S26 a signature that is %s has no vote', async (_how, change) => {
    const repo = forge();
    resigned(repo, (signatures) => signatures.map((signature) => ({ ...signature, sig: change(signature.sig) })));
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 0 of the 1 keys that it needs');
  });

  test('S26 a key that is named but not there, unknown or unsound has no vote and does no harm', async () => {
    const { repo, signers } = needing(1, 1);
    repo.root.keys['11'] = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: '00'.repeat(32) } };
    repo.root.keys['22'] = { keytype: 'later', scheme: 'later', keyval: { public: '' } };
    repo.root.roles['timestamp']?.keyids.push('11', '22', '33', 'constructor');
    repo.putRoot();
    repo.signers['timestamp'] = signers;
    repo.release();
    resigned(repo, (signatures) => [
      ...signatures,
      ...['11', '22', '33', '44', 'constructor'].map((keyid) => ({ keyid, sig: '00'.repeat(64) })),
    ]);
    expect(await answer(repo)).toBe('ok');
    const needed = repo.root.roles['timestamp'];
    if (needed !== undefined) needed.threshold = 2;
    repo.putRoot();
    expect(await answer(repo)).toBe('check/untrusted: timestamp is signed by 1 of the 2 keys that it needs');
  });

  test.each([0, -1])('S26 a threshold of %i is refused', async (threshold) => {
    const { repo } = needing(threshold, 1);
    expect(await answer(repo)).toMatch(/^check\/untrusted: root roles.timestamp.threshold/);
  });
});
