/** `npm run campaign:long [-- UPDATES]`: 1,000 updates of content in a row and 200 of a program with data, R17; the tables go to the section of their own in docs/campaign.md. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { tempFolder } from '../../ground/folder.ts';
import { keepSection } from '../section.ts';
import { growthIn, live, type Life, type Sample } from './life.ts';

const updates = Number(process.argv[2] ?? 1000);
await using folder = await tempFolder();
const content = await liveOf({ updates, has: 'content' });
const program = await liveOf({ updates: Math.ceil(updates / 5), has: 'program' });
const grown = [...growthIn(content), ...growthIn(program)];
const report = [
  `\`npm run campaign:long\` on ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, Node ${process.versions.node}: updates of a small tree in a row,`,
  `each published (by another process), fetched as a full package, built, switched to and cleaned up after. ${grown.length === 0 ? 'Everything is bounded.' : grown.join('; ')}`,
  'Records of generations stay by design; the metadata grows by the publisher’s list of versions.',
  '',
  'Content:',
  '',
  ...tableOf(content),
  '',
  'A program, rehearsed and tried each time, with data that is cloned into a new epoch, the epoch before becoming a snapshot:',
  '',
  ...tableOf(program),
];
console.log(report.join('\n'));
if (process.argv[2] === undefined) await keepSection('A long life', report);
process.exitCode = grown.length === 0 ? 0 : 1;

function liveOf(life: Pick<Life, 'updates' | 'has'>): Promise<readonly Sample[]> {
  return live(join(folder.path, life.has), { ...life, every: Math.max(1, Math.floor(life.updates / 10)), patches: 0 });
}

function tableOf(samples: readonly Sample[]): readonly string[] {
  return [
    '| updates | versions | epochs | snapshots | files | trees and objects | metadata | records | open descriptors | resident memory | the last update |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...samples.map(line),
  ];
}

function line(sample: Sample): string {
  const { treeBytes, metadataBytes, recordBytes, residentBytes, milliseconds } = sample;
  const sizes = [treeBytes, metadataBytes, recordBytes].map((bytes) => `${Math.round(bytes / 1000)} kB`);
  const cells = [sample.updates, sample.versions, sample.epochs, sample.snapshots, sample.files, ...sizes, sample.descriptors];
  return `| ${[...cells, `${Math.round(residentBytes / 1e6)} MB`, `${Math.round(milliseconds)} ms`].join(' | ')} |`;
}
