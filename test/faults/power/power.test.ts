import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../ground/folder.ts';
import { cutPower } from './cut.ts';
import { powerMissing } from './disk.ts';
import { chooseCuts, leftBy, parseLog, type Recording } from './recording.ts';
import { publishStory } from './story.ts';

describe('power loss', () => {
  it('R04 at any moment of a first install, a trial and an update leaves what was reported done (all recorded cuts: npm run campaign:power)', async ({
    skip,
  }) => {
    const missing = await powerMissing();
    if (missing !== null) skip(missing);
    await using folder = await tempFolder();
    const publisher = await publishStory(folder.path);
    const { found } = await cutPower(publisher, { folder: folder.path, options: 'noauto_da_alloc', chapters: 5, cuts: 6, seed: 1 });
    expect([found.length, found.flatMap(({ broken }) => broken)]).toEqual([6, []]);
  });

  it('R04 takes from a recorded disk nothing that was flushed, and of the rest any block', () => {
    const recording = recordingOf(['a', 'b', null, 'c', 'd']);
    const [[, whole] = [], [, some] = []] = [
      ...leftBy(recording, [
        { after: 4, chance: null },
        { after: 5, chance: 7 },
      ]),
    ];
    expect(textOf(whole)).toBe('abc-');
    expect(textOf(some)).toMatch(/^ab[c-][d-]$/);
    const all = Array.from({ length: 30 }, (_, chance) => [...leftBy(recording, [{ after: 5, chance }])].map(([, left]) => textOf(left)));
    expect(new Set(all.flat())).toEqual(new Set(['abcd', 'abc-', 'ab-d', 'ab--']));
    expect(chooseCuts(recording, 5, 1).map(({ after }) => after)).toEqual([1, 2, 3, 4, 5]);
  });
});

const blockBytes = 4096;

/** A disk of four blocks that is told one block after the other, and (null) to flush: in the recorder's own format. */
function recordingOf(told: readonly (string | null)[]): Recording {
  const fresh = Buffer.alloc(4 * blockBytes, '-');
  let block = 0;
  const log = told.map((letter) => {
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(letter === null ? 2n ** 64n - 1n : BigInt(block * blockBytes));
    head.writeUInt32LE(letter === null ? 0 : blockBytes, 8);
    if (letter !== null) block += 1;
    return Buffer.concat([head, letter === null ? Buffer.alloc(0) : Buffer.alloc(blockBytes, letter)]);
  });
  return { fresh, entries: parseLog(Buffer.concat(log)) };
}

function textOf(disk: Buffer | undefined): string {
  return [0, 1, 2, 3].map((block) => String.fromCharCode(disk?.[block * blockBytes] ?? 0)).join('');
}
