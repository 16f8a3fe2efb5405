/** The long comparison with tuf-js: `npm run oracle -- [first seed] [last seed]`. Ends with code 1 at any difference that is not a known fault of the oracle. */
import { compare } from './compare.ts';

const [first, last] = [Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 10_000)];
const stepsEach = 3;
const seen = { repositories: 0, steps: 0, accepted: 0, refused: 0, oracleFaults: 0, differences: 0 };
const since = performance.now();

for (let seed = first; seed <= last; seed += 1) {
  for (const { story, ours, theirs, oracleFault } of await compare(seed, { steps: stepsEach })) {
    seen.steps += 1;
    seen[ours] += 1;
    if (ours === theirs) continue;
    if (oracleFault === null) seen.differences += 1;
    else seen.oracleFaults += 1;
    process.stdout.write(`${JSON.stringify({ seed, story, ours, theirs, oracleFault })}\n`);
  }
  seen.repositories += 1;
  if (seed % 1000 === 0) process.stdout.write(`${JSON.stringify({ seed, ...seen })}\n`);
}
const seconds = Math.round((performance.now() - since) / 1000);
process.stdout.write(`${JSON.stringify({ first, last, ...seen, seconds })}\n`);
process.exitCode = seen.differences === 0 ? 0 : 1;
