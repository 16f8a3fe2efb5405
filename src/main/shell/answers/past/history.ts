/** The generations of this instance: what ran when, what changed between two, and the way back. */
import { acceptedManifest, listVersions } from '../../../../updater/install/versions.ts';
import { installedGeneration, listGenerations, readGeneration } from '../../../../updater/install/generations.ts';
import { Failed } from '../../../../updater/model/failure.ts';
import type { Generation } from '../../../../updater/model/generation.ts';
import type { Manifest } from '../../../../updater/model/manifest.ts';
import type { Handlers } from '../../../contract/serve.ts';
import type { HistoryRow } from '../../../contract/views.ts';
import { bothHere, compareFiles, diffOf } from './compare.ts';
import type { AnswerTools } from '../tools.ts';

/** Every generation, newest first; who wanted it and what it cost on the wire is the ledger's to know. */
export async function historyOf({ layout, instance, running, ledger }: AnswerTools): Promise<readonly HistoryRow[]> {
  const here = new Set((await listVersions(layout)).map(({ treeDigest }) => treeDigest));
  return (await listGenerations(instance)).toReversed().map(({ n, version, treeDigest, state, why, createdAt, failure }) => ({
    generation: n,
    version,
    state,
    why,
    createdAt,
    isRunning: n === running.n,
    isHere: here.has(treeDigest),
    by: ledger.originOf(n)?.by ?? null,
    wireBytes: ledger.originOf(n)?.bytes ?? null,
    failure,
  }));
}

/** The commands about them. Going back prepares only: the program that runs goes on, and the next start switches. */
export function historyHandlers(tools: AnswerTools): Pick<Handlers, 'history/compare' | 'history/back'> {
  const { layout, instance, running, ledger, ask, job } = tools;
  return {
    'history/compare': async ({ from, to, path }) => {
      const [before, after] = await Promise.all([manifestOf(from, tools), manifestOf(to, tools)]);
      const text = path === null ? null : await diffOf(path, await bothHere(before, after, layout));
      return { from: before.version, to: after.version, ...compareFiles(before, after), notes: after.notes, text };
    },
    'history/back': async ({ generation: n, data }) => {
      const target = await numbered(n, tools);
      if (n === running.n) throw new Failed('usage/wrong', `generation ${n} is the one that runs`);
      const where = { root: layout.root, instance: instance.name, underApp: true };
      try {
        const wish = { kind: 'rollback', ...where, to: String(n), ...(data === null ? {} : { data }) } as const;
        const { generation } = await ask<'rollback'>(wish, job);
        ledger.note({ kind: 'rollback', from: running.version, to: generation.version, generation: generation.n, by: 'user' });
        return { kind: 'staged', version: generation.version, generation: generation.n };
      } catch (error) {
        // Not a failure: somebody has to say what becomes of the data.
        if (error instanceof Failed && error.code === 'switch/data')
          return { kind: 'data', version: target.version, detail: error.failure.detail };
        throw error;
      }
    },
  };
}

async function manifestOf(n: number, tools: AnswerTools): Promise<Manifest> {
  const { treeDigest, version } = await numbered(n, tools);
  const manifest = await acceptedManifest(tools.layout, treeDigest);
  if (manifest === null) throw new Failed('usage/wrong', `what version ${version} consists of is not known on this machine any more`);
  return manifest;
}

async function numbered(n: number, { instance }: AnswerTools): Promise<Generation> {
  const generation = await readGeneration(instance, n);
  if (generation === null) throw new Failed('usage/wrong', `there is no generation ${n}`);
  return generation;
}

/** The generation that this program is: the one it was told, else the one that is current. */
export async function runningGeneration({ instance }: Pick<AnswerTools, 'instance'>, told: number | null): Promise<Generation> {
  return (told === null ? null : await readGeneration(instance, told)) ?? installedGeneration(instance);
}
