/** S27: the product runs with its user's rights, and nothing in it asks for others. */
import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

/** Programs and calls that give a process, or a file, more rights than its user has. */
const moreRights =
  /\b(?:sudo|doas|pkexec|gksu|kdesu|osascript|runas|setuid|seteuid|setgid|setegid|setgroups|initgroups|setcap)\b|(?:mode:|chmod\([^)]*,)\s*0o[2467]\d{3}\b/;

/** Named here, since the search for dead code takes every file that a call names for used. */
const product = ['src/**/*.{ts,tsx,mjs,sh}', 'electron/**/*.ts', 'build/package/*.ts'];

test('S27 no code asks for more rights than its user has', async () => {
  const found: string[] = [];
  for await (const path of glob(product)) {
    const lines = (await readFile(path, 'utf8')).split('\n');
    found.push(...lines.filter((line) => moreRights.test(line)).map((line) => `${path}: ${line.trim()}`));
  }
  expect(found).toEqual([]);
});
