/** The long run: `npm run fuzz -- [cases] [first seed]`. A case that fails is kept in `test/faults/fuzz/fixtures/`, where the tests read it again. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../updater/patches/random.ts';
import { quickFolder } from '../../updater/patches/trees.ts';
import { answers } from './network.ts';
import { packages } from './packages.ts';
import { manifests, metadataOf, offers, signatures } from './signed.ts';
import { records } from './stored.ts';
import { fuzz, FuzzFault } from './subject.ts';

const [cases, from] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 1)];
await using folder = await quickFolder();
await using network = await answers(folder.path);
const signed = [...(['root', 'timestamp', 'snapshot', 'targets'] as const).map(metadataOf), signatures(), manifests(), offers()];
const subjects = [...signed, ...records, ...(await packages(folder.path)), network];
const shares = subjects.reduce((sum, { share }) => sum + share, 0);
const atStart = process.memoryUsage().rss;
const total = { cases: 0, refused: 0, accepted: 0, faults: 0 };
for (const subject of subjects) {
  const since = performance.now();
  try {
    const tally = await fuzz(subject, { from, count: Math.ceil((cases * subject.share) / shares) }, (seed) => new Random(seed));
    total.cases += tally.cases;
    total.refused += tally.refused;
    total.accepted += tally.accepted;
    const seconds = Math.round((performance.now() - since) / 1000);
    process.stdout.write(`${JSON.stringify({ subject: subject.name, ...tally, slowestMs: Math.round(tally.slowestMs), seconds })}\n`);
  } catch (error) {
    // What was found is kept, and the other subjects get their turn.
    if (!(error instanceof FuzzFault)) throw error;
    total.faults += 1;
    const fixtures = join(import.meta.dirname, 'fixtures');
    await mkdir(fixtures, { recursive: true });
    await writeFile(join(fixtures, `${subject.name.replaceAll(/[^a-z0-9]+/gi, '-')}-${error.seed}`), error.input);
    process.stdout.write(`${JSON.stringify({ subject: subject.name, seed: error.seed, fault: String(error.cause) })}\n`);
  }
}
const grownMb = Math.round((process.memoryUsage().rss - atStart) / 1024 ** 2);
process.stdout.write(`${JSON.stringify({ ...total, grownMb })}\n`);
process.exitCode = total.faults === 0 ? 0 : 1;
