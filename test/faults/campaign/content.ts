/** Pieces of work on a product that is content only: install, update, switch, rollback, and the remains of earlier ones. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover } from '../../../src/updater/disk/atomic.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { currentGeneration, stagedGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { installRequest, switchRequest, updateRequest, type Ground, type State } from './ground.ts';
import type { Scenario } from './scenario.ts';

/** One command: where it starts, the version that runs before it, and what it ends with: `to` running, or staged. */
interface Work extends Pick<Scenario, 'name' | 'words' | 'steps'> {
  readonly state: State;
  readonly from: string | null;
  readonly to: string;
  readonly ends: 'running' | 'staged';
}

/** The scenarios on a ground. */
export function contentScenarios(ground: Ground): readonly Scenario[] {
  return worksOn(ground).map((work) => ({
    ...work,
    ground: work.state === 'empty' ? null : ground.place(work.state),
    done: null,
    hasProgram: false,
    wrongAnyTime: (root) => wrongAnyTime(ground, work, root),
    wrongAtEnd: (root) => wrongAtEnd(ground, work, root),
  }));
}

function worksOn(ground: Ground): readonly Work[] {
  return [
    {
      name: 'first install',
      state: 'empty',
      from: null,
      to: '1.0.0',
      ends: 'running',
      steps: (root) => [installRequest(ground, root)],
      words: ['install', '--from', ground.repo, '--trusted-root', ground.trustedRootFile, '--version', '1.0.0'],
    },
    {
      name: 'update',
      state: 'installed',
      from: '1.0.0',
      to: '1.0.1',
      ends: 'staged',
      steps: (root) => [updateRequest(root, '1.0.1')],
      words: ['update', '--to', '1.0.1'],
    },
    {
      name: 'update by two patches, then switch',
      state: 'installed',
      from: '1.0.0',
      to: '1.0.2',
      ends: 'running',
      steps: (root) => [updateRequest(root, null), switchRequest(root)],
      words: ['update', '--restart'],
    },
    {
      name: 'rollback',
      state: 'switched',
      from: '1.0.1',
      to: '1.0.0',
      ends: 'running',
      steps: (root) => [{ kind: 'rollback', root, instance: 'default', to: '1.0.0' }],
      words: ['rollback', '1.0.0'],
    },
    {
      name: 'update among the remains of others',
      state: 'littered',
      from: '1.0.0',
      to: '1.0.1',
      ends: 'staged',
      steps: (root) => [updateRequest(root, '1.0.1')],
      words: ['update', '--to', '1.0.1'],
    },
  ];
}

/** What holds at any moment: the pointer names the old version or the new one, whole, and the old one's tree is untouched. */
async function wrongAnyTime(ground: Ground, { from, to }: Work, root: string): Promise<readonly string[]> {
  const current = await currentGeneration(instanceOf(layoutOf(root), 'default'));
  const wrong: string[] = [];
  if (current === null && from !== null) wrong.push('nothing is installed any more');
  if (current !== null && ![from, to].includes(current.version)) wrong.push(`the pointer names ${current.version}`);
  for (const version of new Set([from, current?.version ?? null])) {
    if (version !== null) wrong.push(...(await wrongTree(ground, root, version)));
  }
  return wrong;
}

/** What holds when the command is through: the new version runs or waits, whole, and nothing is left behind. */
async function wrongAtEnd(ground: Ground, work: Work, root: string): Promise<readonly string[]> {
  const { from, to, ends } = work;
  const instance = instanceOf(layoutOf(root), 'default');
  const [current, staged] = [await currentGeneration(instance), await stagedGeneration(instance)];
  const wrong = [...(await wrongAnyTime(ground, work, root)), ...(await wrongTree(ground, root, to))];
  const [runs, waits] = ends === 'running' ? [to, null] : [from, to];
  if (current?.version !== runs || current?.state !== 'good') wrong.push(`${current?.version} runs, ${current?.state}`);
  if ((staged?.version ?? null) !== waits) wrong.push(`${staged?.version} waits`);
  return [...wrong, ...(await remains(root))];
}

async function wrongTree({ digests }: Ground, root: string, version: string): Promise<readonly string[]> {
  const digest = digests.get(version) ?? '';
  const standing = await findVersion(layoutOf(root), digest);
  if (standing === null) return [`${version} does not stand`];
  const found = treeDigest(await scanTree(standing.folder, quietJob()));
  return found === digest ? [] : [`${version} is a mixture`];
}

/** Everything below the root that no finished command leaves. */
export async function remains(root: string): Promise<readonly string[]> {
  const all = await readdir(root, { recursive: true });
  const beside = all.filter((path) => path.split('/').some((name) => isLeftover(name) || name.startsWith('.making-')));
  const downloads = all.filter((path) => path.startsWith('downloads/'));
  const versions = await readdir(join(root, 'versions'));
  const alone = versions.filter(
    (name) => !versions.includes(name.endsWith('.json') ? name.slice(0, -5) : `${name.replace(/\.boot$/, '')}.json`),
  );
  const journals = all.filter((path) => path.includes('lock.db-'));
  return [...new Set([...beside, ...downloads, ...alone, ...journals])].map((path) => `${path} is left`);
}
