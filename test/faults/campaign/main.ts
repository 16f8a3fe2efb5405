/**
 * `npm run campaign [-- --every N] [--failing N] [--again N] [scenario…]`: every piece of work is disturbed in every way, at every call
 * (or one of N; or one of N that fails), and the way back from a kill at five (or N) of its calls; the table goes to docs/campaign.md.
 */
import { availableParallelism, constants } from 'node:os';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { tempFolder } from '../../ground/folder.ts';
import { countCalls, tryCase, type Stage } from './cases.ts';
import { seeded, spread } from './choice.ts';
import { contentScenarios } from './content.ts';
import { openDataScenarios } from './data/scenarios.ts';
import { openGround } from './ground.ts';
import type { Scenario } from './scenario.ts';
import { cellsOf, keepTable, type Row } from './table.ts';
import type { Fault } from '../shim/shim.ts';

/** One way: through which door, what happens at a call, one of how many calls is tried, whether the way back is disturbed too, and whether it is another way only where a program takes part. */
interface Kind {
  readonly name: string;
  readonly through: Stage['through'];
  readonly fault: Omit<Fault, 'at'>;
  readonly every: number;
  readonly isTwice: boolean;
  readonly isForPrograms: boolean;
}

const { ENOSPC, EIO } = constants.errno;
/** Calls that a full disk refuses, and calls that a broken one does. */
const growing = 'open write truncate mkdir symlink copy';
const storing = 'write fsync copy rename';

const usual = { through: 'engine', every: 1, isTwice: false, isForPrograms: false } as const;

/** Every way, kills first. */
const kinds: readonly Kind[] = [
  { ...usual, name: 'killed before the call, and again on the way back', fault: { what: 'before' }, isTwice: true },
  { ...usual, name: 'killed after the call', fault: { what: 'after' } },
  { ...usual, name: 'only its starter killed, what it began goes on', fault: { what: 'starter' }, every: 4, isForPrograms: true },
  { ...usual, name: 'only the process that makes the call killed', fault: { what: 'alone' }, every: 4, isForPrograms: true },
  { ...usual, name: 'the real command killed with all its processes', through: 'command', fault: { what: 'before' }, every: 8 },
  { ...usual, name: 'one process of the real command killed', through: 'command', fault: { what: 'alone' }, every: 8 },
  { ...usual, name: 'disk full once', fault: { what: ENOSPC, only: growing } },
  { ...usual, name: 'disk full from there on', fault: { what: ENOSPC, only: growing, always: true } },
  { ...usual, name: 'write, sync or rename fails once (EIO)', fault: { what: EIO, only: storing } },
  { ...usual, name: 'write, sync or rename fails from there on', fault: { what: EIO, only: storing, always: true } },
  { ...usual, name: 'read fails once (EIO)', fault: { what: EIO, only: 'read' }, every: 4 },
  { ...usual, name: 'write takes half of its bytes', fault: { what: 'half', only: 'write' } },
];

const seed = Number(process.env['FAULT_SEED'] ?? 1);
const one = { type: 'string', default: '1' } as const;
const { values, positionals: wanted } = parseArgs({
  options: { every: one, failing: one, again: { ...one, default: '5' } },
  allowPositionals: true,
});
const again = Number(values.again);

await using folder = await tempFolder();
const scenarios = [...contentScenarios(await openGround(folder.path)), ...(await openDataScenarios(folder.path))];
let broken = 0;
for (const scenario of scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const rows: Row[] = [];
  for (const kind of kinds.filter((each) => suits(each, scenario))) {
    const row = await runKind({ through: kind.through, scenario, folder: folder.path }, kind);
    rows.push(row);
    console.log(cellsOf(row).join(' · '));
    for (const line of row.broken) console.log(`    ${line}`);
    broken += row.broken.length;
  }
  await keepTable(rows, seed);
}
process.exitCode = broken === 0 ? 0 : 1;

function suits({ through, isForPrograms }: Kind, { words, hasProgram }: Scenario): boolean {
  return (through === 'engine' || words !== null) && (hasProgram || !isForPrograms);
}

async function runKind(stage: Stage, { name, fault, every, isTwice }: Kind): Promise<Row> {
  const begun = performance.now();
  const calls = (await countCalls(stage, fault.only)).length;
  const isFailing = typeof fault.what === 'number' || fault.what === 'half';
  const oneOf = every * Number(values.every) * (isFailing ? Number(values.failing) : 1);
  const chosen = spread(calls, Math.ceil(calls / oneOf), seeded(seed));
  const queue = new PQueue({ concurrency: 3 * availableParallelism() });
  const tried = await queue.addAll(
    chosen.map((at) => async () => tryCase(stage, { fault: { ...fault, at }, again: isTwice ? again : 0, seed })),
  );
  return {
    scenario: stage.scenario.name,
    kind: name,
    calls,
    tried: chosen.length,
    again: tried.reduce((sum, { cases }) => sum + cases - 1, 0),
    broken: tried.flatMap(({ broken }) => broken),
    seconds: Math.round((performance.now() - begun) / 1000),
  };
}
