/** A repository in memory in which everything can be signed by anybody: what an attacker, or a careless publisher, could serve. */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { keyId, signMetadata, type Signer } from '../../../build/release/metadata/sign.ts';
import type { Floor } from '../../../src/updater/model/generation.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { refresh, type Fetch, type Trust, type Trusted } from '../../../src/updater/trust/client.ts';
import { ed25519PublicKey, readEd25519, type ReadKey } from '../../../src/updater/trust/signature.ts';

const today = new Date('2030-06-01T12:00:00Z');

/** A `signed` part that tests may change as they like. */
export interface Part {
  version: number;
  expires: string;
  [field: string]: unknown;
}

export interface RootPart extends Part {
  consistent_snapshot: boolean;
  keys: Record<string, unknown>;
  roles: Record<string, { keyids: string[]; threshold: number }>;
}

export interface MetaPart extends Part {
  meta: Record<string, { version: number; length?: number; hashes?: Record<string, string> }>;
}

export interface DelegationPart {
  name: string;
  keyids: string[];
  threshold: number;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}

export interface TargetsPart extends Part {
  targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: { keys: Record<string, unknown>; roles: DelegationPart[] };
}

export interface Forge {
  readonly files: Map<string, Uint8Array>;
  /** Names asked for, in order. */
  readonly asked: string[];
  /** Who signs each role. */
  readonly signers: Record<string, Signer[]>;
  readonly root: RootPart;
  readonly timestamp: MetaPart;
  readonly snapshot: MetaPart;
  readonly roles: Record<string, TargetsPart>;
  readonly fetch: Fetch;
  /** Signs and serves a role as it stands. */
  put(role: string): void;
  /** One more version of the root. */
  putRoot(): void;
  /** One more version of these targets roles, of the snapshot and the timestamp, all fitting each other. */
  release(...roles: string[]): void;
  /** Lists a target in a role and serves its bytes. */
  add(role: string, name: string, bytes: Uint8Array | string): void;
  /** Replaces the keys of a top-level role by new ones; the root is not served yet. */
  rotate(role: string): void;
}

/** A fresh key. Node's own Ed25519 signs here, so that two implementations have to agree. */
export function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } } as const;
  return { id: keyId(key), key, sign: (message) => sign(null, message, privateKey) };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function part<Body extends object>(type: string, body: Body): Body & Part {
  return { _type: type, spec_version: '1.0.33', version: 1, expires: '2031-01-01T00:00:00Z', ...body };
}

/** A repository at version 1 with one key per role, nothing but `hello.txt` in it, and no delegations. */
export function forge(): Forge {
  const signers: Record<string, Signer[]> = {};
  const keys: Record<string, unknown> = {};
  const rootRoles: RootPart['roles'] = {};
  for (const role of ['root', 'targets', 'snapshot', 'timestamp']) {
    const signer = newSigner();
    signers[role] = [signer];
    keys[signer.id] = signer.key;
    rootRoles[role] = { keyids: [signer.id], threshold: 1 };
  }
  const files = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const root: RootPart = part('root', { consistent_snapshot: true, keys, roles: rootRoles });
  const timestamp: MetaPart = part('timestamp', { meta: {} });
  const snapshot: MetaPart = part('snapshot', { meta: {} });
  const roles: Record<string, TargetsPart> = { targets: part('targets', { targets: {} }) };
  const partOf = (role: string): Part => ({ root, timestamp, snapshot })[role] ?? roles[role] ?? part('targets', {});
  const metaOf = (role: string): MetaPart['meta'][string] => {
    const bytes = files.get(nameOf(role)) ?? Buffer.alloc(0);
    return { version: partOf(role).version, length: bytes.length, hashes: { sha256: sha256(bytes) } };
  };
  const nameOf = (role: string): string =>
    `metadata/${role === 'timestamp' || (!root.consistent_snapshot && role !== 'root') ? '' : `${partOf(role).version}.`}${encodeURIComponent(role)}.json`;
  const made: Forge = {
    files,
    asked,
    signers,
    root,
    timestamp,
    snapshot,
    roles,
    fetch: async (name) => {
      asked.push(name);
      return files.get(name) ?? null;
    },
    put: (role) => files.set(nameOf(role), signMetadata(partOf(role), signers[role] ?? [])),
    putRoot: () => {
      root.version += 1;
      made.put('root');
    },
    release: (...changed) => {
      for (const role of changed) {
        partOf(role).version += 1;
        made.put(role);
        snapshot.meta[`${role}.json`] = metaOf(role);
      }
      snapshot.version += 1;
      made.put('snapshot');
      timestamp.meta['snapshot.json'] = metaOf('snapshot');
      timestamp.version += 1;
      made.put('timestamp');
    },
    add: (role, name, content) => {
      const bytes = Buffer.from(content);
      const folders = name.split('/');
      const base = folders.pop() ?? '';
      files.set(['targets', ...folders, root.consistent_snapshot ? `${sha256(bytes)}.${base}` : base].join('/'), bytes);
      const listed = roles[role];
      if (listed !== undefined) listed.targets[name] = { length: bytes.length, hashes: { sha256: sha256(bytes) } };
    },
    rotate: (role) => {
      const signer = newSigner();
      signers[role] = [signer];
      root.keys[signer.id] = signer.key;
      root.roles[role] = { keyids: [signer.id], threshold: 1 };
    },
  };
  made.add('targets', 'hello.txt', 'hello');
  made.put('root');
  made.put('targets');
  snapshot.meta['targets.json'] = metaOf('targets');
  made.put('snapshot');
  timestamp.meta['snapshot.json'] = metaOf('snapshot');
  made.put('timestamp');
  return made;
}

/** Delegates to a role in a forge; `by` is the delegating role. Neither role is served yet. */
export function delegate(repo: Forge, by: string, role: Partial<DelegationPart> & { name: string }): void {
  const signer = repo.signers[role.name]?.[0] ?? newSigner();
  repo.signers[role.name] = [signer];
  repo.roles[role.name] ??= { ...part('targets', { targets: {} }), version: 0 };
  const delegator = repo.roles[by];
  if (delegator === undefined) return;
  delegator.delegations ??= { keys: {}, roles: [] };
  delegator.delegations.keys[signer.id] = signer.key;
  const paths = role.path_hash_prefixes === undefined ? { paths: ['*'] } : {};
  delegator.delegations.roles.push({ keyids: [signer.id], threshold: 1, terminating: false, ...paths, ...role });
}

/** Our reading of keys with Node's verification, which is eighty times as fast as tweetnacl's: for tests that are not about signatures. */
export const readQuickly: ReadKey = (key) => {
  const [ours, raw] = [readEd25519(key), ed25519PublicKey(key)];
  if (ours === null || raw === null) return null;
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return { identity: ours.identity, verify: (message, signature) => verify(null, message, publicKey, signature) };
};

interface Given {
  readonly floor?: Floor;
  readonly now?: Date;
  readonly readKey?: ReadKey;
}

/** What a client of this repository starts from. */
export function trustIn(repo: Forge, folder: string, given: Given = {}): Trust {
  const root = repo.files.get('metadata/1.root.json') ?? Buffer.alloc(0);
  return { folder, trustedRoot: root, floor: {}, now: today, readKey: readQuickly, ...given };
}

/** One check against a forge: what is then trusted, or throws. */
export function ask(repo: Forge, folder: string, given: Given = {}): Promise<Trusted> {
  return refresh(trustIn(repo, folder, given), repo.fetch, quietJob());
}

/** How an attempt ended: `ok`, or its failure's code and detail in one line. Anything but an expected failure is a bug and thrown on. */
export async function verdict(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'ok';
  } catch (error) {
    const { code, detail } = failureOf(error);
    if (code === 'bug/unexpected') throw error;
    return `${code}: ${detail}`;
  }
}

/** Believed versions without the keys in their names. */
export function plain(versions: Floor): Record<string, number> {
  return Object.fromEntries(Object.entries(versions).map(([name, version]) => [name.replace(/@.*/, ''), version] as const));
}
