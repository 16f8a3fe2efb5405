/** `npm run campaign [-- --every N] [scenario…]`: every call (or one of N) of every piece of work is disturbed in every way; the table goes to docs/campaign.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, constants, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { format } from 'prettier';
import { tempFolder } from '../../folder.ts';
import { countCalls, scenarios, tryCase, type Case, type Stage } from './cases.ts';
import { seeded, spread } from './choice.ts';
import { openGround } from './ground.ts';
import type { Fault } from '../shim/shim.ts';

interface Kind {
  readonly name: string;
  readonly through: Stage['through'];
  readonly fault: Omit<Fault, 'at'>;
  /** One of how many calls is tried. */
  readonly every: number;
  readonly isTwice?: boolean;
}

const { ENOSPC, EIO } = constants.errno;
/** Calls that a full disk refuses, and calls that a broken one does. */
const growing = 'open write truncate mkdir symlink copy';
const storing = 'write fsync copy rename';

const kinds: readonly Kind[] = [
  { name: 'killed before the call', through: 'engine', fault: { what: 'before' }, every: 1 },
  { name: 'killed after the call', through: 'engine', fault: { what: 'after' }, every: 1 },
  { name: 'killed, and killed again on the way back', through: 'engine', fault: { what: 'before' }, every: 1, isTwice: true },
  { name: 'the real command killed with its engine', through: 'command', fault: { what: 'before' }, every: 8 },
  { name: 'only the engine of the real command killed', through: 'command', fault: { what: 'alone' }, every: 8 },
  { name: 'disk full once', through: 'engine', fault: { what: ENOSPC, only: growing }, every: 1 },
  { name: 'disk full from there on', through: 'engine', fault: { what: ENOSPC, only: growing, always: true }, every: 1 },
  { name: 'write, sync or rename fails once (EIO)', through: 'engine', fault: { what: EIO, only: storing }, every: 1 },
  { name: 'write, sync or rename fails from there on', through: 'engine', fault: { what: EIO, only: storing, always: true }, every: 1 },
  { name: 'read fails once (EIO)', through: 'engine', fault: { what: EIO, only: 'read' }, every: 4 },
  { name: 'write takes half of its bytes', through: 'engine', fault: { what: 'half', only: 'write' }, every: 1 },
];

interface Row {
  readonly scenario: string;
  readonly kind: string;
  readonly calls: number;
  readonly tried: number;
  readonly broken: readonly string[];
  readonly seconds: number;
}

const seed = Number(process.env['FAULT_SEED'] ?? 1);
const { values, positionals: wanted } = parseArgs({ options: { every: { type: 'string', default: '1' } }, allowPositionals: true });
const thinned = Number(values.every);

await using folder = await tempFolder();
const ground = await openGround(folder.path);
const rows: Row[] = [];
for (const scenario of scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  for (const kind of kinds) {
    const row = await runKind({ through: kind.through, ground, scenario, folder: folder.path }, kind);
    rows.push(row);
    console.log(cells(row).join(' · '));
    for (const line of row.broken) console.log(`    ${line}`);
  }
}
const broken = rows.flatMap((row) => row.broken).length;
if (wanted.length === 0) await keepTable();
process.exitCode = broken === 0 ? 0 : 1;

/** What follows the table is `npm run campaign:long`'s. */
async function keepTable(): Promise<void> {
  const path = new URL('../../../docs/campaign.md', import.meta.url);
  const [, ...others] = (await readFile(path, 'utf8')).split('\n## ');
  await writeFile(path, await format([report(), ...others].join('\n## '), { parser: 'markdown' }));
}

async function runKind(stage: Stage, { name, fault, every, isTwice }: Kind): Promise<Row> {
  const begun = performance.now();
  const calls = (await countCalls(stage, fault.only)).length;
  const chance = seeded(seed);
  const cases = spread(calls, Math.ceil(calls / every / thinned), chance).map((at): Case => {
    const again = isTwice === true ? { again: { ...fault, at: 1 + Math.floor(chance() * calls) } } : {};
    return { name: `${fault.what} ${at}`, fault: { ...fault, at }, ...again };
  });
  const queue = new PQueue({ concurrency: 2 * availableParallelism() });
  const told = await queue.addAll(cases.map((each) => async () => describeBroken(each, await tryCase(stage, each))));
  const seconds = Math.round((performance.now() - begun) / 1000);
  return { scenario: stage.scenario.name, kind: name, calls, tried: cases.length, broken: told.flat(), seconds };
}

function describeBroken({ name, again }: Case, broken: readonly string[]): readonly string[] {
  return broken.length === 0 ? [] : [`${name}${again === undefined ? '' : `, then ${again.at}`}: ${broken.join('; ')}`];
}

function cells({ scenario, kind, calls, tried, broken, seconds }: Row): readonly string[] {
  return [scenario, kind, String(calls), String(tried), String(broken.length), String(seconds)];
}

function report(): string {
  const tried = rows.reduce((sum, row) => sum + row.tried, 0);
  const gib = Math.round(totalmem() / 1024 ** 3);
  return [
    '# The fault campaign',
    '',
    `\`npm run campaign${thinned === 1 ? '' : ` -- --every ${thinned}`}\` on ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, ${gib} GiB, Node ${process.versions.node}, seed ${seed}${thinned === 1 ? '' : ` (one of ${thinned} calls)`}:`,
    `${tried} cases, ${broken} broken.`,
    '',
    'A case is broken when the pointer names anything but the old or the new version, whole; when a byte of the version that ran',
    'has changed; when the same command again does not finish; or when anything is left behind after it. The calls that count',
    'are those that change something below the root (for the row about reads: those that read there).',
    '',
    '| piece of work | disturbance | calls | cases | broken | seconds |',
    '|---|---|---:|---:|---:|---:|',
    ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
    '',
  ].join('\n');
}
