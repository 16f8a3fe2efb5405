/** Whoever holds some of the keys: what can they ship? */
import { expect, test } from 'vitest';
import { tempFolder } from '../../../ground/folder.ts';
import { ask, delegate, forge, newSigner, verdict, type Forge } from '../../../updater/trust/forge.ts';

const target = 'releases/linux-x64.json';
const online = ['channels', 'snapshot', 'timestamp'] as const;
const keys = ['root-1', 'root-2', 'root-3', 'targets', ...online] as const;

type Key = (typeof keys)[number];

/** A team's repository: three root keys, two of which must sign. */
function team(): Forge {
  const repo = forge();
  const roots = [newSigner(), newSigner(), newSigner()];
  repo.signers['root'] = roots;
  for (const { id, key } of roots) repo.root.keys[id] = key;
  repo.root.roles['root'] = { keyids: roots.map(({ id }) => id), threshold: 2 };
  repo.put('root');
  delegate(repo, 'targets', { name: 'channels', paths: ['offers/*/*'], terminating: true });
  repo.add('targets', target, 'good');
  repo.release('targets', 'channels');
  return repo;
}

/** Whether a client takes what the holder of these keys signs, who signs with keys of their own whatever is missing. */
async function ships(held: ReadonlySet<Key>, attack: (repo: Forge, held: ReadonlySet<Key>) => void): Promise<boolean> {
  const repo = team();
  await using folder = await tempFolder();
  await ask(repo, folder.path);
  attack(repo, held);
  repo.add('targets', target, 'evil');
  repo.release('targets', 'channels');
  const said = await ask(repo, folder.path).then(
    async (trusted) => String(await trusted.target(target)),
    () => 'refused', // Normal: that is what the keys are for.
  );
  return said === 'evil';
}

/** Signs every role with the stolen key where there is one. */
function pretend(repo: Forge, held: ReadonlySet<Key>): void {
  for (const role of ['targets', ...online] as const) if (!held.has(role)) repo.signers[role] = [newSigner()];
}

/** Writes a new root that names only the thief's keys, signed by the stolen root keys and by the thief's. */
function seize(repo: Forge, held: ReadonlySet<Key>): void {
  const stolen = (repo.signers['root'] ?? []).filter((_, i) => keys.slice(0, 3).some((key, at) => at === i && held.has(key)));
  for (const role of ['targets', 'snapshot', 'timestamp']) repo.rotate(role);
  repo.rotate('root');
  repo.signers['root'] = [...stolen, ...(repo.signers['root'] ?? [])];
  repo.putRoot();
}

const subsets = Array.from({ length: 2 ** keys.length }, (_, bits) => keys.filter((_key, at) => (bits & (1 << at)) !== 0));
const enough = (held: readonly Key[]): boolean =>
  held.filter((key) => key.startsWith('root')).length >= 2 ||
  (['targets', 'snapshot', 'timestamp'] as const).every((key) => held.includes(key));

test(`S03 S26 of the ${subsets.length} sets of keys that can be stolen, exactly those that reach the thresholds ship something`, async () => {
  const waiting = [...subsets];
  const wrong: { held: readonly Key[]; isShipped: boolean }[] = [];
  const lane = async (): Promise<void> => {
    for (let held = waiting.pop(); held !== undefined; held = waiting.pop()) {
      const set = new Set(held);
      const isShipped = (await ships(set, pretend)) || (await ships(set, seize));
      if (isShipped !== enough(held)) wrong.push({ held, isShipped });
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  expect(wrong).toEqual([]);
});

test('S03 stolen online keys can take back, and stop, and ship nothing', async () => {
  const repo = team();
  await using folder = await tempFolder();
  await ask(repo, folder.path);
  repo.add('channels', 'offers/stable/linux-x64.json', 'an offer');
  repo.release('channels');
  expect(String(await (await ask(repo, folder.path)).target('offers/stable/linux-x64.json'))).toBe('an offer');
  repo.add('channels', target, 'evil');
  repo.release('channels');
  expect(String(await (await ask(repo, folder.path)).target(target))).toBe('good');
  repo.add('channels', 'releases/linux-arm64.json', 'evil');
  repo.release('channels');
  const trusted = await ask(repo, folder.path);
  expect(await verdict(trusted.target('releases/linux-arm64.json'))).toMatch(/^check\/no-such-version/);
});
