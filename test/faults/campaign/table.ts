/** The campaign's table: the first part of docs/campaign.md. What follows it is written by others. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { format } from 'prettier';

/** One way to disturb one piece of work: how many calls it makes, at how many of them it was disturbed, how many second kills followed, what was broken. */
export interface Row {
  readonly scenario: string;
  readonly kind: string;
  readonly calls: number;
  readonly tried: number;
  readonly again: number;
  readonly broken: readonly string[];
  readonly seconds: number;
}

/** A row as the table has it. */
export function cellsOf({ scenario, kind, calls, tried, again, broken, seconds }: Row): readonly string[] {
  return [scenario, kind, String(calls), String(tried), String(again), String(broken.length), String(seconds)];
}

/** Writes the rows into the table; those of other pieces of work stay as they are. */
export async function keepTable(rows: readonly Row[], seed: number): Promise<void> {
  const path = new URL('../../../docs/campaign.md', import.meta.url);
  const [before = '', ...others] = (await readFile(path, 'utf8')).split('\n## ');
  const tried = new Set(rows.map(({ scenario }) => scenario));
  const standing = rowsIn(before).filter(([scenario]) => !tried.has(scenario ?? ''));
  const table = tableOf([...standing, ...rows.map(cellsOf)], seed);
  await writeFile(path, await format([table, ...others].join('\n## '), { parser: 'markdown' }));
}

function rowsIn(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => /^\|([^|]+\|){2}( +\d+ +\|){5}$/.test(line));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function tableOf(rows: readonly (readonly string[])[], seed: number): string {
  const sum = (column: number, among = rows): number => among.reduce((total, cells) => total + Number(cells[column]), 0);
  const killed = rows.filter(([, kind]) => kind?.startsWith('killed before'));
  const gib = Math.round(totalmem() / 1024 ** 3);
  return [
    '# The fault campaign',
    '',
    `\`npm run campaign\` on ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, ${gib} GiB, Node ${process.versions.node}, seed ${seed}:`,
    `${sum(3) + sum(4)} cases, ${sum(5)} broken, ${Math.round(sum(6) / 60)} minutes; a kill before ${sum(3, killed)} of ${sum(2, killed)} calls.`,
    '',
    'A case is broken when the pointer names anything but the old or the new version, whole; when a byte of a version has changed;',
    "when a person's notes are lost, or are not whole and in the data version of what runs; when the same command again does not",
    'finish; or when anything is left behind after it. After a kill of everything only the new version is right in the end, after a',
    'failing call or the death of one process the old one is as well.',
    '',
    'Calls are those that change something below the root, of all processes that take part (for rows about reads: those that read',
    'there). `tried` is at how many of them the work was disturbed: a kill stops everything that was started, unless the row says',
    'otherwise. `again`: after such a kill the way back was gone undisturbed, and then anew for each further kill, at calls chosen by',
    'the seed.',
    '',
    '| piece of work | disturbance | calls | tried | again | broken | seconds |',
    '|---|---|---:|---:|---:|---:|---:|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n');
}
