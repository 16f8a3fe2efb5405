/** What is fuzzed, and how a case ends. */
import type { Random } from '../../updater/patches/random.ts';

/** Something that reads what strangers write. A case that ends in any other way than these two words has found a fault. */
export interface Subject {
  readonly name: string;
  /** How many of a hundred cases it gets. */
  readonly share: number;
  /** Input that is right, or nearly. */
  make(random: Random): Uint8Array;
  /** Reads it; throws when it is accepted wrongly, or fails in another way than it may. */
  judge(input: Uint8Array): Promise<'refused' | 'accepted'>;
}

/** How many cases ended how, and how long the longest took. */
export interface Tally {
  cases: number;
  refused: number;
  accepted: number;
  slowestMs: number;
}

/** Runs cases of one subject from a seed on. Throws at the first fault, saying which subject and seed. */
export async function fuzz(
  subject: Subject,
  seeds: { readonly from: number; readonly count: number },
  seeded: (seed: number) => Random,
): Promise<Tally> {
  const tally: Tally = { cases: 0, refused: 0, accepted: 0, slowestMs: 0 };
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed += 1) {
    const input = subject.make(seeded(seed));
    const since = performance.now();
    const verdict = await subject.judge(input).catch((cause: unknown) => {
      throw new FuzzFault(subject.name, { seed, input, cause });
    });
    tally.cases += 1;
    tally[verdict] += 1;
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - since);
  }
  return tally;
}

/** An input that crashed its reader, or was accepted wrongly. */
export class FuzzFault extends Error {
  readonly input: Uint8Array;
  readonly seed: number;

  constructor(subject: string, { seed, input, cause }: { readonly seed: number; readonly input: Uint8Array; readonly cause: unknown }) {
    super(`${subject}, seed ${seed}: ${String(cause)}`, { cause });
    this.input = input;
    this.seed = seed;
  }
}
