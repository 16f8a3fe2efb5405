/** What a start does, decided from the records alone: whoever was killed at whatever point before is finished or undone by this. */
import { Failed, type Failure } from '../../updater/model/failure.ts';
import type { Generation } from '../../updater/model/generation.ts';

/** A generation, and whether its version stands on this machine. */
export interface Candidate {
  readonly generation: Generation;
  readonly isWhole: boolean;
}

/** `isLastResort`: it failed before, or used up its tries, and there is nothing to go back to. */
export type StartPlan =
  | { readonly kind: 'nothing'; readonly failure: Failure }
  | { readonly kind: 'run'; readonly generation: Generation }
  | { readonly kind: 'switch'; readonly to: Generation }
  | { readonly kind: 'try'; readonly generation: Generation; readonly isLastResort: boolean }
  | { readonly kind: 'back'; readonly from: Generation; readonly to: Generation; readonly failure: Failure };

/** Says what to do with the current generation, the one that waits, and the one to go back to (null: none; its version stands). Pure. */
export function decide(current: Candidate | null, staged: Candidate | null, previous: Generation | null): StartPlan {
  if (staged?.isWhole === true) return { kind: 'switch', to: staged.generation };
  if (current === null) return nothing('start/nothing', 'nothing is installed');
  const { generation, isWhole } = current;
  const failure = reasonToLeave(current);
  if (failure === null) return generation.state === 'good' ? { kind: 'run', generation } : { kind: 'try', generation, isLastResort: false };
  if (previous !== null) return { kind: 'back', from: generation, to: previous, failure };
  if (isWhole) return { kind: 'try', generation, isLastResort: true };
  return nothing('state/damaged', failure.detail);
}

/** Picks the generation that a failed one goes back to: the one before it, else the newest good one before it; never one that did not prove itself. Pure. */
export function wayBack(from: Generation, all: readonly Candidate[]): Generation | null {
  const earlier = all.filter(({ generation, isWhole }) => isWhole && generation.n < from.n).map(({ generation }) => generation);
  const before = earlier.find(({ n, state }) => n === from.previous && (state === 'good' || state === 'staged'));
  return before ?? earlier.findLast(({ state }) => state === 'good') ?? null;
}

function reasonToLeave({ generation, isWhole }: Candidate): Failure | null {
  const { version, state, triesLeft } = generation;
  if (!isWhole) return new Failed('state/damaged', `version ${version} is not whole on this machine`).failure;
  if (state === 'bad') return generation.failure ?? new Failed('start/failed', 'it failed its trial').failure;
  if (state === 'trying' && triesLeft === 0)
    return new Failed('start/failed', 'it was started as often as it may be without a verdict').failure;
  return null;
}

function nothing(code: 'start/nothing' | 'state/damaged', detail: string): StartPlan {
  return { kind: 'nothing', failure: new Failed(code, detail).failure };
}
