import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Collector } from '../../../../src/updater/download/local/collect.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { outcomeOf, partAt, someBytes } from '../fixture.ts';

const file = someBytes(1000);
const parts = [partAt(file, 100, 200), partAt(file, 300, 100), partAt(file, 700, 100)];

describe('collecting parts from streams', () => {
  it('takes what belongs to the parts, in pieces of any size, and passes over the rest', async () => {
    for (const pieceBytes of [1, 7, 128, 1000]) {
      await using folder = await tempFolder();
      await using local = await open(join(folder.path, 'x'), 'w+');
      const verified: number[] = [];
      const collector = new Collector(parts, { file: local, came: () => undefined, verified: ({ offset }) => void verified.push(offset) });
      for (let at = 0; at < file.length; at += pieceBytes) await collector.take(file.subarray(at, at + pieceBytes), at);
      const expected = Buffer.alloc(800);
      for (const { offset, size } of parts) file.copy(expected, offset, offset, offset + size);
      expect([verified, collector.position, (await local.readFile()).equals(expected)]).toEqual([[100, 300, 700], null, true]);
    }
  });

  it('goes on in the middle of a part with the same state of the file, and begins it anew with another', async () => {
    await using folder = await tempFolder();
    await using local = await open(join(folder.path, 'x'), 'w+');
    let came = 0;
    const collector = new Collector(parts, { file: local, came: (bytes) => void (came += bytes), verified: () => undefined });
    collector.begin('"first"');
    await collector.take(file.subarray(0, 150), 0);
    collector.begin('"first"');
    expect([collector.position, came]).toEqual([150, 50]);
    collector.begin('"second"');
    expect([collector.position, came]).toEqual([100, 0]);
    await collector.take(file.subarray(100, 300), 100);
    expect([collector.position, came, collector.verifiedParts]).toEqual([300, 200, 1]);
  });

  it('a part that is wrong is wanted again once, and then a failure', async () => {
    await using folder = await tempFolder();
    await using local = await open(join(folder.path, 'x'), 'w+');
    const collector = new Collector(parts, { file: local, came: () => undefined, verified: () => undefined });
    const wrong = Buffer.alloc(200);
    await expect(collector.take(wrong, 100)).rejects.toThrow('not what was published');
    expect(collector.position).toBe(100);
    expect(await outcomeOf(collector.take(wrong, 100))).toBe('fetch/corrupt');
  });
});
