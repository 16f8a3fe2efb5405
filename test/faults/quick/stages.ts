/** What the quick tests of faults share: the installations and the scenarios on them, opened before a file's tests and removed after them. */
import PQueue from 'p-queue';
import { afterAll, beforeAll } from 'vitest';
import { tempFolder } from '../../ground/folder.ts';
import { tryCase, type Case, type Stage } from '../campaign/cases.ts';
import { contentScenarios } from '../campaign/content.ts';
import { openDataScenarios } from '../campaign/data/scenarios.ts';
import { openGround } from '../campaign/ground.ts';
import type { Scenario } from '../campaign/scenario.ts';
import { faultsMissing } from '../shim/shim.ts';

/** The seed of every choice: `FAULT_SEED`, else 1. */
export const seed = Number(process.env['FAULT_SEED'] ?? 1);

/** Why faults cannot be made here, or null. */
export const missing = await faultsMissing();

/** The end of a group's name: the seed, and the reason where its tests are skipped. */
export const words = `(seed ${seed}${missing === null ? '' : `; skipped: ${missing}`})`;

/** Opens the scenarios on content, and with `isWithData` those on notes too; returns the stage for a name. */
export function openStages({ isWithData }: { readonly isWithData: boolean }): (name: string, through?: Stage['through']) => Stage {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let scenarios: readonly Scenario[] = [];
  beforeAll(async () => {
    folder = await tempFolder();
    const content = contentScenarios(await openGround(folder.path));
    scenarios = isWithData ? [...content, ...(await openDataScenarios(folder.path))] : content;
  });
  afterAll(() => folder[Symbol.asyncDispose]());
  return (name, through = 'engine') => {
    const scenario = scenarios.find((each) => each.name === name);
    if (scenario === undefined) throw new Error(`no scenario ${name}`);
    return { through, scenario, folder: folder.path };
  };
}

/** Tries cases, two at a time, and returns what was broken. */
export async function brokenOf(stage: Stage, cases: readonly Case[]): Promise<readonly string[]> {
  const queue = new PQueue({ concurrency: 2 });
  const tried = await queue.addAll(cases.map((each) => () => tryCase(stage, each)));
  return tried.flatMap(({ broken }) => broken);
}
