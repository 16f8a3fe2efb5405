/** The section on patches in `docs/benchmarks.md`. */
import { readFile, writeFile } from 'node:fs/promises';
import type { OurPatch } from './ours.ts';
import type { PeerPatch } from './peers.ts';

/** A pair with everything that was measured. */
export interface Row {
  readonly name: string;
  readonly oldBytes: number;
  readonly ours: OurPatch;
  readonly peers: readonly PeerPatch[];
}

const heading = '## Patches';

/** Returns one table per pair. */
export function tablesOf(rows: readonly Row[]): string {
  return rows.map((row) => [`**${row.name}**`, tableOf(row), applyLine(row)].filter(Boolean).join('\n\n')).join('\n\n');
}

/** Puts the section in the place of the last one, or at the end; not atomic. */
export async function replaceSection(path: string, text: string): Promise<void> {
  const document = await readFile(path, 'utf8');
  const start = document.indexOf(`${heading}\n`);
  const before = start === -1 ? document.trimEnd() : document.slice(0, start).trimEnd();
  const next = start === -1 ? -1 : document.indexOf('\n## ', start + heading.length);
  const after = next === -1 ? '' : `\n${document.slice(next + 1)}`;
  await writeFile(path, `${before}\n\n${heading}\n\n${text}\n${after}`);
}

function tableOf({ ours, peers, oldBytes }: Row): string {
  const best = Math.min(...peers.map(({ bytes }) => bytes));
  const line = (name: string, { bytes, usage }: Pick<PeerPatch, 'bytes' | 'usage'>): string => {
    const costs = usage === null ? ['–', '–'] : [`${usage.cpuSeconds.toFixed(1)} s`, (usage.memoryBytes / oldBytes).toFixed(1)];
    return `| ${[name, bytes.toLocaleString('en'), (bytes / best).toFixed(2), ...costs].join(' | ')} |`;
  };
  const head = ['| | bytes | of the best peer | CPU | memory, bytes per old byte |', '| --- | ---: | ---: | ---: | ---: |'];
  return [...head, line('**moult**', ours), ...peers.map((peer) => line(peer.name, peer))].join('\n');
}

function applyLine({ ours: { apply } }: Row): string {
  if (apply === null) return '';
  const { ours, loop } = apply;
  const ratio = (ours.cpuMs / loop.cpuMs).toFixed(2);
  const more = ours.residentMiB - loop.residentMiB;
  return `Applied: ${ours.cpuMs} ms of CPU, ${ratio} of the loop's ${loop.cpuMs} ms; ${ours.residentMiB} MiB resident, ${more} more than the loop. Each in a process of its own, cold.`;
}
