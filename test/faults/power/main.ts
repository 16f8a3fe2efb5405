/** `npm run campaign:power [-- CUTS]`: the power of a whole life is cut at 520 places, R04; the table goes to the section of its own in docs/campaign.md. */
import { availableParallelism } from 'node:os';
import { tempFolder } from '../../ground/folder.ts';
import { keepSection } from '../section.ts';
import { cutPower, type Found } from './cut.ts';
import { powerMissing } from './disk.ts';
import { publishStory } from './story.ts';

/** ext4 as it is usually mounted, and without the help that it gives to those who rename before their data is on disk. */
const mounts = ['defaults', 'noauto_da_alloc'] as const;
const seed = Number(process.env['FAULT_SEED'] ?? 1);
const cuts = Number(process.argv[2] ?? 520);

const missing = await powerMissing();
if (missing !== null) throw new Error(missing);
await using folder = await tempFolder();
const publisher = await publishStory(folder.path);
const rows: string[] = [];
const broken: string[] = [];
for (const options of mounts) {
  const begun = performance.now();
  const { writes, flushes, found } = await cutPower(publisher, {
    folder: folder.path,
    options,
    cuts: Math.ceil(cuts / mounts.length),
    seed,
  });
  for (const { chapter, tried, failed } of byChapter(found)) rows.push(`| ${options} | ${chapter} | ${tried} | ${failed} |`);
  broken.push(...found.flatMap((each) => each.broken));
  const seconds = Math.round((performance.now() - begun) / 1000);
  rows.push(
    `| ${options} | all, of ${writes} writes and ${flushes} flushes, in ${seconds} s | ${found.length} | ${found.filter(isBroken).length} |`,
  );
}
for (const line of broken) console.log(line);
console.log(rows.join('\n'));
if (process.argv[2] === undefined) await keepSection('Power loss', report());
process.exitCode = broken.length === 0 ? 0 : 1;

function byChapter(found: readonly Found[]): readonly { readonly chapter: string; readonly tried: number; readonly failed: number }[] {
  return [...Map.groupBy(found, ({ chapter }) => chapter)].map(([chapter, all]) => ({
    chapter,
    tried: all.length,
    failed: all.filter(isBroken).length,
  }));
}

function isBroken({ broken: lines }: Found): boolean {
  return lines.length > 0;
}

function report(): readonly string[] {
  return [
    `\`npm run campaign:power\` on ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, Node ${process.versions.node}, seed ${seed}: ${cuts} cuts, ${broken.length === 0 ? 'nothing' : broken.length} broken.`,
    '',
    'An installation lives on an ext4 of its own, on a disk that records every write and flush. Then its power is cut at places spread over',
    'the whole recording: after every write up to there, or after all that was flushed and a random half of the blocks that were not.',
    'Each of these disks is mounted, the launcher is asked, the real `moult start` is run, then a trial, and an update with its trial. A cut is',
    'broken when the pointer names anything but what it may, when anything that was reported done is undone (the old version after an',
    'update, a note that was written, a try that was counted), when a version is not whole, or when anything of this ends otherwise than well.',
    '',
    '| ext4 | cut in | cuts | broken |',
    '|---|---|---:|---:|',
    ...rows,
  ];
}
