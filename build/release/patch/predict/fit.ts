import { perPlace, type Votes } from './votes.ts';

/** The places from which on everything moves by another shift, in order. */
export type Steps = readonly { readonly start: number; readonly shift: number }[];

interface Run {
  readonly start: number;
  readonly shift: number;
  readonly before: Run | null;
}

/**
 * Finds the steps that agree with most votes, where a step more has to bring `stepCost` votes more: the best path through shifts (A. Viterbi,
 * 1967), in one pass, since a path either stays or begins again behind the best of all.
 */
export function fitSteps(votes: Votes, stepCost: number): Steps {
  const scores: number[] = [0];
  const runs: (Run | null)[] = [];
  let best: { score: number; run: Run | null } = { score: 0, run: null };
  let [placed, before] = [-1, best];
  for (const vote of votes.inOrder()) {
    const place = Math.floor(vote / perPlace);
    const shift = vote - place * perPlace;
    if (place !== placed) [placed, before] = [place, best];
    const begun = before.score - stepCost;
    let score = scores[shift] ?? Number.NEGATIVE_INFINITY;
    if (runs[shift] === undefined || score < begun) {
      score = begun;
      runs[shift] = { start: place, shift: votes.shifts[shift] ?? 0, before: before.run };
    }
    score += 1;
    scores[shift] = score;
    if (score > best.score) best = { score, run: runs[shift] ?? null };
  }
  return stepsOf(best.run);
}

function stepsOf(last: Run | null): Steps {
  const steps: { start: number; shift: number }[] = [];
  for (let run = last; run !== null; run = run.before)
    if (run.shift !== run.before?.shift) steps.push({ start: run.start, shift: run.shift });
  return steps.toReversed();
}
