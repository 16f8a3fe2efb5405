/** What the demo found, and whether it is what it must be. */
import { z } from 'zod';
import type { Failure } from '../../src/updater/model/failure.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { parseAs } from '../../src/updater/model/parse.ts';
import { askProduct, type Outcome, type Product, type Refusal } from './product.ts';
import { versions } from './shop.ts';

const generationSchema = z.object({
  n: z.int(),
  version: z.string(),
  state: z.string(),
  epoch: z.int(),
  dataVersion: z.int(),
});

const historySchema = z.object({ current: z.int(), generations: z.array(generationSchema) });

type Recorded = z.infer<typeof generationSchema>;

/** What an instance tells about itself: its current generation and all others, newest first. */
export interface State {
  readonly current: Recorded;
  readonly generations: readonly Recorded[];
}

/** Asks the product for its history. Throws its failure. */
export async function stateOf(product: Product): Promise<State> {
  const printed = await askProduct(product, ['versions'], quietJob());
  const { current, generations } = parseAs(historySchema, printed, { what: 'versions', code: 'bug/unexpected' });
  const found = parseAs(
    generationSchema,
    generations.find(({ n }) => n === current),
    { what: 'versions', code: 'bug/unexpected' },
  );
  return { current: found, generations };
}

/** Everything that was told on the way. */
export interface Told {
  readonly installed: Outcome;
  readonly isProven: boolean;
  readonly updated: Outcome;
  readonly switched: Outcome;
  readonly migrated: { readonly before: State; readonly after: State; readonly hasNote: boolean };
  readonly fresh: Outcome;
  readonly treeDigest: string;
  readonly freshInstallDigest: string;
  readonly refused: Refusal;
  readonly back: Outcome;
  readonly hasNoteBack: boolean;
  readonly forward: Outcome;
  readonly bad: { readonly refusal: Refusal; readonly after: State; readonly hasNote: boolean };
  readonly fullBytes: number;
}

/** What the demo found. `ok` only when nothing is `wrong`. */
export interface Findings {
  readonly ok: boolean;
  readonly wrong: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly fullBytes: number;
  readonly wireBytes: number;
  readonly treeDigest: string;
  readonly freshInstallDigest: string;
  readonly generation: { readonly n: number; readonly state: string };
  readonly rolledBackTo: string;
  readonly badRelease: { readonly version: string; readonly tries: number; readonly revertedTo: string; readonly failure: Failure };
  readonly route: string;
  readonly updateMilliseconds: Readonly<Record<string, number>>;
  readonly data: { readonly from: number; readonly to: number; readonly refused: Failure };
}

/** Holds everything that was told against what it must be. */
export function checkFindings(told: Told): Findings {
  const { installed, updated, switched, treeDigest, freshInstallDigest, migrated, refused, back, bad, fullBytes } = told;
  const wrong = [...wrongTrees(told), ...wrongData(told), ...wrongTrials(told)];
  const { n, state, version } = bad.after.current;
  const [newest] = bad.after.generations;
  return {
    ok: wrong.length === 0,
    wrong,
    from: installed.to,
    to: switched.to,
    fullBytes,
    wireBytes: updated.took?.wireBytes ?? 0,
    treeDigest,
    freshInstallDigest,
    generation: { n, state },
    rolledBackTo: back.to,
    badRelease: { version: newest?.version ?? '', tries: bad.refusal.starts, revertedTo: version, failure: bad.refusal.failure },
    route: updated.took?.route ?? '',
    updateMilliseconds: updated.took?.milliseconds ?? {},
    data: { from: migrated.before.current.dataVersion, to: migrated.after.current.dataVersion, refused: refused.failure },
  };
}

/** All that says it is the newer version has the digest of its fresh install, and the way back led to the older one. */
function wrongTrees({ installed, updated, switched, fresh, treeDigest, freshInstallDigest, back, forward }: Told): string[] {
  const digests = [treeDigest, freshInstallDigest, updated.treeDigest, switched.treeDigest, forward.treeDigest];
  return failing({
    'an update is not what a fresh install is': digests.every((digest) => digest === fresh.treeDigest),
    'the way back did not lead to the older version': back.treeDigest === installed.treeDigest,
  });
}

function wrongData({ migrated: { before, after, hasNote }, refused, hasNoteBack, bad }: Told): string[] {
  return failing({
    'the data was not migrated from 1 to 2': before.current.dataVersion === 1 && after.current.dataVersion === 2,
    'the newer version works on the data of the older one': before.current.epoch !== after.current.epoch,
    'the note is not there after the update': hasNote,
    'newer data was handed to the older version': refused.exitCode === 3 && refused.failure.code === 'switch/data',
    'the note is not there after the way back': hasNoteBack,
    'the note is not there after the bad release': bad.hasNote,
  });
}

function wrongTrials({ isProven, switched, forward, bad: { refusal, after } }: Told): string[] {
  const [newest] = after.generations;
  return failing({
    'a trial of a good version did not end well': isProven && [switched, forward].every(({ generation }) => generation.state === 'good'),
    'the bad release was not taken back by itself': refusal.exitCode === 7 && refusal.failure.code === 'start/failed',
    'the bad release is not noted as bad': newest?.version === versions.bad && newest.state === 'bad',
    'what runs after the bad release is not what ran before': after.current.n === forward.generation.n && after.current.state === 'good',
  });
}

function failing(claims: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(claims).filter((wrong) => claims[wrong] === false);
}
