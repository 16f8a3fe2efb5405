/** Cases of the campaign: a command that is disturbed at one of its calls, what must hold then, and after the same command again. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLeftover } from '../../../src/updater/disk/atomic.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import type { Request } from '../../../src/updater/engine/process/requests.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { currentGeneration, stagedGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { installRequest, switchRequest, updateRequest, type Ground, type State } from './ground.ts';
import { quickEnvironment, runWithFault, type Command, type Ended, type Fault } from '../shim/shim.ts';

/** One command: where it starts, what it asks for, the version that runs before it, and what it ends with: `to` running, or staged. */
export interface Scenario {
  readonly name: string;
  readonly state: State;
  readonly from: string | null;
  readonly to: string;
  readonly ends: 'running' | 'staged';
  requests(ground: Ground, root: string): readonly Request[];
  /** The same in the words of the command line. */
  words(ground: Ground): readonly string[];
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'first install',
    state: 'empty',
    from: null,
    to: '1.0.0',
    ends: 'running',
    requests: (ground, root) => [installRequest(ground, root)],
    words: ({ repo, trustedRootFile }) => ['install', '--from', repo, '--trusted-root', trustedRootFile, '--version', '1.0.0'],
  },
  {
    name: 'update',
    state: 'installed',
    from: '1.0.0',
    to: '1.0.1',
    ends: 'staged',
    requests: (_, root) => [updateRequest(root, '1.0.1')],
    words: () => ['update', '--to', '1.0.1'],
  },
  {
    name: 'update by two patches, then switch',
    state: 'installed',
    from: '1.0.0',
    to: '1.0.2',
    ends: 'running',
    requests: (_, root) => [updateRequest(root, null), switchRequest(root)],
    words: () => ['update', '--restart'],
  },
  {
    name: 'rollback',
    state: 'switched',
    from: '1.0.1',
    to: '1.0.0',
    ends: 'running',
    requests: (_, root) => [{ kind: 'rollback', root, instance: 'default', to: '1.0.0' }],
    words: () => ['rollback', '1.0.0'],
  },
  {
    name: 'cleanup before and after an update',
    state: 'littered',
    from: '1.0.0',
    to: '1.0.1',
    ends: 'staged',
    requests: (_, root) => [updateRequest(root, '1.0.1')],
    words: () => ['update', '--to', '1.0.1'],
  },
];

/** A scenario on its ground, in folders below `folder`, in one process or through the real command line with its engine process. */
export interface Stage {
  readonly through: 'engine' | 'command';
  readonly ground: Ground;
  readonly scenario: Scenario;
  readonly folder: string;
}

/** What is done to the command, and perhaps to its repetition. */
export interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly again?: Fault;
}

/** Runs the scenario undisturbed and returns the calls that it makes; throws when it does not end as it should. */
export async function countCalls(stage: Stage, only?: string): Promise<readonly string[]> {
  await using root = await freshRoot(stage, 'undisturbed');
  const { calls, ...ended } = await runWithFault(command(stage, root.path), only === undefined ? null : { at: 0, what: 'before', only });
  const wrong = [endOf(ended), ...(await wrongAtEnd(stage, root.path))].filter((problem) => problem !== null);
  if (wrong.length > 0) throw new Error(`${stage.scenario.name}, undisturbed: ${wrong.join('; ')}`);
  return calls;
}

/** Runs one case and returns what was broken (nothing, where all is well): while it lay there, and after the same command again. */
export async function tryCase(stage: Stage, { name, fault, again }: Case): Promise<readonly string[]> {
  await using root = await freshRoot(stage, name);
  const first = await runWithFault(command(stage, root.path), fault);
  const broken = [...wrongEnding(first, fault), ...(await wrongAnyTime(stage, root.path))];
  if (again !== undefined) {
    const second = await runWithFault(command(stage, root.path), again);
    broken.push(...wrongEnding(second, again), ...(await wrongAnyTime(stage, root.path)));
  }
  return [...broken, ...(await finish(stage, root.path)), ...(await wrongAtEnd(stage, root.path))];
}

/** The same command once more, undisturbed: in this process, which saves starting another one. */
export async function finish({ ground, scenario }: Stage, root: string): Promise<readonly string[]> {
  try {
    for (const request of scenario.requests(ground, root)) await serve(request, quietJob());
    return [];
  } catch (error) {
    const { code, detail } = failureOf(error);
    return [`the same command again fails with ${code}: ${detail}`];
  }
}

/** A copy of the scenario's ground; removed with `await using`. */
export async function freshRoot({ ground, scenario, folder }: Stage, name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(folder, name);
  await ground.copy(scenario.state, path);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The command of a scenario on a root, ready to be disturbed. */
export function command({ ground, scenario, through }: Stage, root: string): Command {
  const env = quickEnvironment();
  if (through === 'command') return { args: [moult, '--root', root, '--json', '--quiet', ...scenario.words(ground)], root, env };
  return { args: [engine, JSON.stringify(scenario.requests(ground, root))], root, env };
}

const engine = fileURLToPath(new URL('engine-process.ts', import.meta.url));
const moult = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

/** A killed command is dead; one whose engine died has another; one whose call failed ends by itself: well, or saying what kind of thing happened. */
function wrongEnding(ended: Omit<Ended, 'calls'>, { what }: Fault): readonly string[] {
  const isKilled = (what === 'before' || what === 'after') && ended.signal === 'SIGKILL';
  const isTold = typeof what === 'number' && /"(disk\/(space|io)|build\/hash)"/.test(ended.stdout);
  return ended.code === 0 || isKilled || isTold ? [] : [endOf(ended) ?? ''];
}

function endOf({ code, signal, stdout, stderr }: Omit<Ended, 'calls'>): string | null {
  return code === 0 ? null : `ended with ${signal ?? code}: ${stdout}${stderr}`.trim();
}

/** What holds at any moment: the pointer names the old version or the new one, whole, and the old one's tree is untouched. */
export async function wrongAnyTime({ ground, scenario }: Stage, root: string): Promise<readonly string[]> {
  const { from, to } = scenario;
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
export async function wrongAtEnd(stage: Stage, root: string): Promise<readonly string[]> {
  const { from, to, ends } = stage.scenario;
  const instance = instanceOf(layoutOf(root), 'default');
  const [current, staged] = [await currentGeneration(instance), await stagedGeneration(instance)];
  const wrong = [...(await wrongAnyTime(stage, root)), ...(await wrongTree(stage.ground, root, to))];
  const [runs, waits] = ends === 'running' ? [to, null] : [from, to];
  if (current?.version !== runs || current?.state !== 'good') wrong.push(`${current?.version} runs, ${current?.state}`);
  if ((staged?.version ?? null) !== waits) wrong.push(`${staged?.version} waits`);
  return [...wrong, ...(await remains(root))];
}

async function wrongTree({ digests }: Ground, root: string, version: string): Promise<readonly string[]> {
  const layout = layoutOf(root);
  const digest = digests.get(version) ?? '';
  const standing = await findVersion(layout, digest);
  if (standing === null) return [`${version} does not stand`];
  const found = treeDigest(await scanTree(standing.folder, quietJob()));
  return found === digest ? [] : [`${version} is a mixture`];
}

/** Everything below the root that no finished command leaves. */
async function remains(root: string): Promise<readonly string[]> {
  const layout = layoutOf(root);
  const all = await readdir(root, { recursive: true });
  const beside = all.filter((path) => path.split('/').some(isLeftover));
  const downloads = all.filter((path) => path.startsWith('downloads/'));
  const versions = await readdir(layout.versions);
  const alone = versions.filter(
    (name) => !versions.includes(name.endsWith('.json') ? name.slice(0, -5) : `${name.replace(/\.boot$/, '')}.json`),
  );
  const journals = all.filter((path) => path.includes('lock.db-'));
  return [...new Set([...beside, ...downloads, ...alone, ...journals])].map((path) => `${path} is left`);
}
