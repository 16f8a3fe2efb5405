import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../folder.ts';
import { growthIn, live } from './life.ts';

describe('a long life', () => {
  it('R17 thirty updates in a row leave no more behind than ten: files, bytes, descriptors, memory (a thousand: npm run campaign:long)', async ({
    skip,
  }) => {
    if (process.platform !== 'linux') skip('descriptors are counted in /proc');
    await using folder = await tempFolder();
    const samples = await live(folder.path, { updates: 30, every: 10, patches: 0 });
    expect(growthIn(samples)).toEqual([]);
    expect(samples.map(({ versions }) => versions)).toEqual([2, 2, 2]);
  });
});
