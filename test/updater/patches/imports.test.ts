import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
// It writes where a hostile patch tells it to, and never checks its result: on a client it has no place.
const forbidden = /bsdiff-node|seek-bzip/;

async function mentions(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(`${folder}/**/*.{ts,tsx,mjs,cjs}`, { cwd: root }))
    if (forbidden.test(await readFile(join(root, path), 'utf8'))) found.push(path);
  return found;
}

test('bsdiff is never used on a client, and on the release side only in its own process', async () => {
  expect([...(await mentions('src')), ...(await mentions('electron'))]).toEqual([]);
  const importers = (await mentions('build/release')).filter((path) => !path.endsWith('.d.ts'));
  const importing = await Promise.all(
    importers.map(async (path) => (/from '(bsdiff-node|seek-bzip)'/.test(await readFile(join(root, path), 'utf8')) ? [path] : [])),
  );
  expect(importing.flat()).toEqual(['build/release/patch/compare/diff-child.ts']);
});
