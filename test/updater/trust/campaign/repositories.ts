/** Repositories that change, step by step, in every way that a publisher or an attacker could change them; the same for the same seed. */
import { delegate, forge, newSigner, sha256, type Forge } from '../forge.ts';

/** The one target that everybody asks for. */
export const target = 'offers/stable/x';

/** A number below its argument. */
export type Random = (below: number) => number;

/** A small generator with a seed (mulberry32), so that a difference can be found again. */
export function chance(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One of several; throws when there is none. */
export function pick<T>(from: readonly T[], random: Random): T {
  const found = from[random(from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

/** What every sequence begins with: one delegated role, one target. */
export function firstRepository(): Forge {
  const repo = forge();
  delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'] });
  repo.add('channels', target, 'contents');
  repo.release('targets', 'channels');
  return repo;
}

const roles = ['timestamp', 'snapshot', 'targets', 'channels'] as const;

/** What may happen to a repository; each leaves it served. Right changes stand beside wrong ones, or everything would just be refused. */
export const mutations: Readonly<Record<string, (repo: Forge, random: Random) => void>> = {
  'a release': (repo) => repo.release('targets', 'channels'),
  'only a timestamp': (repo) => {
    repo.timestamp.version += 1;
    repo.put('timestamp');
  },
  'a flipped byte': (repo, random) => {
    const name = pick(
      [...repo.files.keys()].filter((file) => file !== 'metadata/1.root.json'),
      random,
    );
    const bytes = Buffer.from(repo.files.get(name) ?? '');
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(7));
    repo.files.set(name, bytes);
  },
  'a missing file': (repo, random) =>
    repo.files.delete(
      pick(
        [...repo.files.keys()].filter((file) => file !== 'metadata/1.root.json'),
        random,
      ),
    ),
  'a file cut short': (repo, random) => {
    const name = pick(
      [...repo.files.keys()].filter((file) => file !== 'metadata/1.root.json'),
      random,
    );
    const bytes = repo.files.get(name) ?? Buffer.alloc(0);
    repo.files.set(name, bytes.subarray(0, random(bytes.length)));
  },
  'an older version': (repo, random) => {
    const role = pick(roles, random);
    const lists: Record<string, { version: number }> = { timestamp: repo.timestamp, snapshot: repo.snapshot, ...repo.roles };
    const part = lists[role];
    if (part !== undefined) part.version = Math.max(0, part.version - 1 - random(3));
    repo.release(...(role === 'targets' || role === 'channels' ? [role] : []));
  },
  'a version far ahead': (repo, random) => {
    repo.snapshot.version += random(2) * 1000;
    repo.timestamp.version += random(2) * 1000;
    repo.release('targets');
  },
  'an expired role': (repo, random) => {
    const role = pick(roles, random);
    const lists: Record<string, { expires: string }> = { timestamp: repo.timestamp, snapshot: repo.snapshot, ...repo.roles };
    Object.assign(lists[role] ?? {}, { expires: random(2) === 0 ? '2020-01-01T00:00:00Z' : '2099-01-01T00:00:00Z' });
    repo.release('targets', 'channels');
  },
  'an expired root': (repo, random) => {
    repo.root.expires = random(2) === 0 ? '2020-01-01T00:00:00Z' : '2099-01-01T00:00:00Z';
    repo.putRoot();
  },
  'a stranger’s signature': (repo, random) => {
    repo.signers[pick(roles, random)] = [newSigner()];
    repo.release('targets', 'channels');
  },
  'one signature more': (repo, random) => {
    repo.signers[pick(roles, random)]?.push(newSigner());
    repo.release('targets', 'channels');
  },
  'rotated keys': (repo, random) => {
    repo.rotate(pick(['timestamp', 'snapshot', 'targets'], random));
    if (random(3) > 0) repo.putRoot();
    repo.release('targets', 'channels');
  },
  'rotated root keys': (repo, random) => {
    const before = repo.signers['root'] ?? [];
    repo.rotate('root');
    const after = repo.signers['root'] ?? [];
    repo.signers['root'] = pick([[...before, ...after], [...before, ...after], before, after], random);
    repo.putRoot();
    repo.signers['root'] = after;
  },
  'a threshold': (repo, random) => {
    const role = repo.root.roles[pick(['timestamp', 'snapshot', 'targets'], random)];
    if (role !== undefined) role.threshold = 1 + random(2);
    repo.putRoot();
    repo.release('targets');
  },
  'one key under two ids': (repo) => {
    const signer = newSigner();
    const twin = { ...signer, id: sha256(signer.id) };
    for (const { id, key } of [signer, twin]) repo.root.keys[id] = key;
    repo.root.roles['snapshot'] = { keyids: [signer.id, twin.id], threshold: 1 };
    repo.signers['snapshot'] = [signer, twin];
    repo.putRoot();
    repo.release('targets');
  },
  'no hashes': (repo) => {
    repo.release('targets', 'channels');
    for (const meta of [...Object.values(repo.snapshot.meta), ...Object.values(repo.timestamp.meta)]) {
      delete meta.hashes;
      delete meta.length;
    }
    repo.snapshot.version += 1;
    Object.assign(repo.timestamp.meta, { 'snapshot.json': { version: repo.snapshot.version } });
    repo.timestamp.version += 1;
    repo.put('snapshot');
    repo.put('timestamp');
  },
  'a wrong hash': (repo, random) => {
    repo.release('targets', 'channels');
    const meta = repo.snapshot.meta[pick(['targets.json', 'channels.json'], random)];
    Object.assign(meta ?? {}, { hashes: { sha256: sha256('wrong') } });
    repo.release();
  },
  'a wrong length': (repo, random) => {
    Object.assign(repo.roles['channels']?.targets[target] ?? {}, { length: random(3) });
    repo.release('channels');
  },
  'another target': (repo, random) => {
    repo.add('channels', target, `contents ${random(1000)}`);
    repo.release('channels');
  },
  'other paths': (repo, random) => {
    const [role] = repo.roles['targets']?.delegations?.roles ?? [];
    if (role !== undefined) role.paths = pick([['offers/*/*'], ['offers/*'], ['*/*/?'], ['x'], ['offers/stable/*', 'y']], random);
    repo.release('targets');
  },
  'a delegation in front': (repo, random) => {
    const name = `before${random(100)}`;
    if (repo.roles[name] !== undefined) return;
    delegate(repo, 'targets', { name, paths: ['offers/*/*'], terminating: random(2) === 0 });
    repo.roles['targets']?.delegations?.roles.unshift(...repo.roles['targets'].delegations.roles.splice(-1));
    repo.release('targets', name);
  },
  'a role that is no longer listed': (repo) => {
    delete repo.snapshot.meta['channels.json'];
    repo.release('targets');
  },
  'unknown fields': (repo, random) => {
    for (const part of [repo.root, repo.timestamp, repo.snapshot, repo.roles['targets']])
      Object.assign(part ?? {}, { 'x-later': [random(9), 'ü', { a: null }] });
    repo.putRoot();
    repo.release('targets');
  },
  'another specification': (repo, random) => {
    repo.timestamp['spec_version'] = pick(['1.0.0', '1.5.1', '2.0.0', '0.9.0'], random);
    repo.release();
  },
  'another type': (repo, random) => {
    repo.timestamp['_type'] = pick(['timestamp', 'snapshot', 'Timestamp'], random);
    repo.release();
  },
};
