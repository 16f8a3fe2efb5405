/** Two versions of a small program, compiled in the ways that a linker lays programs out. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Random } from '../../../updater/patches/random.ts';

/** How a program is linked: to run at one address or anywhere, as a library, with and without its symbols. */
export const linkages = {
  'a program at a fixed address': ['-no-pie'],
  'a stripped program at a fixed address': ['-no-pie', '-s'],
  'a program that can be moved': ['-pie'],
  'a stripped program that can be moved': ['-pie', '-s'],
  'a library': ['-shared'],
  'a stripped library': ['-shared', '-s'],
} as const;

export type Linkage = keyof typeof linkages;

const versions = ['before', 'after'] as const;
const functionCount = 120;
const run = promisify(execFile);

/** Compiles both versions into a folder, for a fixed address and for any: `link` needs them. */
export async function compilePrograms(folder: string): Promise<void> {
  for (const version of versions) {
    const source = join(folder, `${version}.cc`);
    await writeFile(source, sourceOf(version === 'after'));
    const compile = (model: string): unknown => run('g++', ['-c', '-O1', model, '-o', join(folder, `${version}${model}.o`), source]);
    await Promise.all([compile('-fno-pic'), compile('-fPIC')]);
  }
}

/** Links both versions and returns their paths. */
export async function linkPrograms(folder: string, linkage: Linkage): Promise<{ readonly before: string; readonly after: string }> {
  const flags = linkages[linkage];
  const model = flags[0] === '-no-pie' ? '-fno-pic' : '-fPIC';
  const link = async (version: string): Promise<string> => {
    const out = join(folder, `${version}${flags.join('')}`);
    await run('g++', [...flags, '-Wl,--build-id=none', '-o', out, join(folder, `${version}${model}.o`)]);
    return out;
  };
  return { before: await link('before'), after: await link('after') };
}

/** Functions that call each other, jump through tables, throw, and are called through tables of pointers; the new version has a few more, and other text. */
function sourceOf(isNew: boolean): string {
  const random = new Random(11);
  const names = Array.from({ length: functionCount }, (_, i) => `f${i}`);
  const bodies = names.map((name, i) => {
    const callee = names[random.below(functionCount)];
    const cases = Array.from({ length: 6 }, (_, n) => `case ${n}: return ${callee}(n - ${n + 1}) + data[${random.below(900)}];`).join(' ');
    const more = isNew && i % 30 === 7 ? `puts("new in ${name}"); data[${i}] += n * 3;` : '';
    return `int ${name}(int n) { ${more} if (n > ${random.below(90)}) throw n; switch (n) { ${cases} } counts[${i}] += n; puts("${name} ${random.below(1e9)}"); return n; }`;
  });
  const added = isNew ? ['int added(int n) { puts("an added function"); return data[n & 7] + counts[n & 3]; }'] : [];
  return [
    '#include <cstdio>',
    `${isNew ? 'int more[37];' : ''} int data[1000], counts[1000];`,
    ...names.map((name) => `int ${name}(int);`),
    `int (*table[])(int) = { ${names.join(', ')} };`,
    'struct Base { virtual int run(int n) { return f1(n); } virtual ~Base() {} }; struct Derived : Base { int run(int n) override { return f2(n); } };',
    'Base *bases[] = { new Base, new Derived };',
    ...bodies.toSpliced(functionCount / 4, 0, ...added),
    'int main(int count, char **) { try { return table[count](count) + bases[count & 1]->run(count); } catch (int n) { return n; } }',
  ].join('\n');
}
