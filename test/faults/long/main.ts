/** `npm run campaign:long [-- UPDATES]`: 1,000 updates in a row, R17; the table goes to the section of its own in docs/campaign.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { format } from 'prettier';
import { tempFolder } from '../../folder.ts';
import { growthIn, live, type Sample } from './life.ts';

const updates = Number(process.argv[2] ?? 1000);
await using folder = await tempFolder();
const samples = await live(folder.path, { updates, every: Math.max(1, Math.floor(updates / 10)), patches: 1 });
const grown = growthIn(samples);
const heading = '## A long life';
const report = [
  heading,
  '',
  `\`npm run campaign:long\` on ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, Node ${process.versions.node}: ${updates} updates of a small tree in a row,`,
  `each published, fetched, built, switched to and cleaned up after; the publisher works in the same process. ${grown.length === 0 ? 'Everything is bounded.' : grown.join('; ')}`,
  'Records of generations stay by design; the metadata grows by the publisher’s list of versions.',
  '',
  '| updates | versions on disk | files | trees | metadata | records | open descriptors | resident memory | the last update |',
  '|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
  ...samples.map(line),
  '',
].join('\n');
console.log(report);
if (process.argv[2] === undefined) await keep();
process.exitCode = grown.length === 0 ? 0 : 1;

function line(sample: Sample): string {
  const { treeBytes, metadataBytes, recordBytes, residentBytes, milliseconds } = sample;
  const sizes = [treeBytes, metadataBytes, recordBytes].map((bytes) => `${Math.round(bytes / 1000)} kB`);
  const cells = [sample.updates, sample.versions, sample.files, ...sizes, sample.descriptors];
  return `| ${[...cells, `${Math.round(residentBytes / 1e6)} MB`, `${Math.round(milliseconds)} ms`].join(' | ')} |`;
}

/** The rest of the file belongs to the other campaign. */
async function keep(): Promise<void> {
  const path = new URL('../../../docs/campaign.md', import.meta.url);
  const [others = ''] = (await readFile(path, 'utf8')).split(heading);
  await writeFile(path, await format(`${others.trimEnd()}\n\n${report}`, { parser: 'markdown' }));
}
