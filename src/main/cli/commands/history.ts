import { listGenerations, installedGeneration } from '../../../updater/install/generations.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';
import { summaryOf } from './outcome.ts';

/** `moult versions`: every generation of this instance, newest first. */
export function versions(globals: Globals): Promise<number> {
  return runCommand(globals, async () => {
    const { instance } = placeOf(globals);
    const current = await installedGeneration(instance);
    const generations = (await listGenerations(instance)).toReversed();
    const lines = generations.map((generation) => historyLine(generation, current.n));
    say(globals, { current: current.n, generations }, lines.join('\n'));
    return 0;
  });
}

export interface RollbackOptions {
  readonly data?: string;
}

/** `moult rollback`: goes back to a generation or version that is still on this machine; `--data` decides about data that is newer than it can read. While the program runs, the next start goes back. */
export function rollback(globals: Globals, target: string | undefined, options: RollbackOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const { layout, instance } = placeOf(globals);
    const before = await installedGeneration(instance);
    const underApp = (await findRunning(instance)) !== null;
    const where = { root: layout.root, instance: instance.name, underApp };
    const request = { kind: 'rollback', ...where, to: target ?? null, ...dataChoice(options) } as const;
    const { generation } = await globals.ask<'rollback'>(request, job);
    const text = underApp ? `${generation.version} starts the next time` : `Back on ${generation.version}`;
    say(globals, summaryOf(before.version, generation, null), `${text}; ${before.version} stays on this machine.`);
    return 0;
  });
}

function dataChoice({ data }: RollbackOptions): { readonly data?: 'keep' | 'restore' } {
  if (data === undefined) return {};
  if (data === 'keep' || data === 'restore') return { data };
  throw new Failed('usage/wrong', '--data is keep or restore');
}

function historyLine({ n, version, why, state, createdAt, failure }: Generation, current: number): string {
  const result = n === current ? 'running' : failure === null ? state : `${state} (${failure.code})`;
  return `${String(n).padStart(4)}${n === current ? ' ●' : '  '} ${version.padEnd(16)} ${createdAt}  ${why.padEnd(10)} ${result}`;
}
