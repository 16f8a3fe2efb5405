/** One planted violation: the rule in words, the file that breaks it, its text, and what the gate has to say about it ('': nothing). */
export type Plant = readonly [rule: string, file: string, text: string, finding: string];

/** What every planted file may rest on; nothing in here is to be found by any gate. */
export const clean: Readonly<Record<string, string>> = {
  'src/updater/model/word.ts': `import { z } from 'zod';\n\nexport const word = z.string();\n\nexport interface Word {\n  readonly word: string;\n}\n`,
  'src/updater/disk/read.ts': `import { readFile } from 'node:fs/promises';\nimport { word } from '../model/word.ts';\n\n/** Reads a word. */\nexport async function read(path: string): Promise<string> {\n  return word.parse(await readFile(path, 'utf8'));\n}\n`,
  'src/updater/trust/believe.ts': `export { read } from '../disk/read.ts';\n`,
  'src/updater/engine/line.ts': `export { read } from '../trust/believe.ts';\n`,
  'src/main/contract/topics.ts': `export { word } from '../../updater/model/word.ts';\n`,
  'src/main/shell.ts': `export { read } from '../updater/engine/line.ts';\nexport { word } from './contract/topics.ts';\n`,
  'src/renderer/page.ts': `import type { Word } from '../updater/model/word.ts';\nimport { word } from '../main/contract/topics.ts';\n\nexport const shown: Word = { word: word.parse('shown') };\n`,
  'electron/main.ts': `export { app } from 'electron';\nexport { read } from '../src/main/shell.ts';\n`,
  'build/make.ts': `import { spawnSync } from 'node:child_process';\n\nexport { read } from '../src/updater/engine/line.ts';\nexport const made = spawnSync('true', [], { shell: false });\n`,
  'build/bench/run.ts': `import '../make.ts';\n`,
};

const ladder: readonly (readonly [rule: string, file: string, imported: string])[] = [
  ['model imports nothing but the schema library', 'src/updater/model/a.ts', 'p-queue'],
  ['model does not know Node', 'src/updater/model/b.ts', 'node:path'],
  ['disk does not look up at trust', 'src/updater/disk/a.ts', '../trust/believe.ts'],
  ['siblings do not know each other', 'src/updater/store/a.ts', '../trust/believe.ts'],
  ['store does not know install', 'src/updater/store/b.ts', '../install/a.ts'],
  ['install does not know repair', 'src/updater/install/a.ts', '../repair/a.ts'],
  ['repair does not know the engine', 'src/updater/repair/a.ts', '../engine/line.ts'],
  ['the engine does not know main', 'src/updater/engine/a.ts', '../../main/shell.ts'],
  ['src/updater has no rung that is not on the ladder', 'src/updater/attic/a.ts', '../disk/read.ts'],
  ['the contract does not know the engine', 'src/main/contract/a.ts', '../../updater/engine/line.ts'],
  ['main does not know the release tool', 'src/main/a.ts', '../../build/make.ts'],
  ['main does not know Electron', 'src/main/b.ts', 'electron'],
  ['the renderer does not know main', 'src/renderer/a.ts', '../main/shell.ts'],
  ['the renderer sees no more than types of model', 'src/renderer/b.ts', '../updater/model/word.ts'],
  ['the renderer does not know Node', 'src/renderer/c.ts', 'node:fs'],
  ['the release tool does not know main', 'build/a.ts', '../src/main/shell.ts'],
];

const long = "  'long enough for a row of its own, so that the formatter does not join it with its neighbours',\n";
const tooMany = Array.from({ length: 10 }, (_, index) => `src/main/app/x${index}.ts`);

/** What the linter has to find. */
export const lintPlants: readonly Plant[] = [
  ...ladder.map(([rule, file, imported]): Plant => [rule, file, `export * from '${imported}';`, 'house(ladder)']),
  [
    'a worker is on the ladder',
    'src/updater/patches/a.ts',
    "export const x = new URL('../engine/line.ts', import.meta.url);",
    'house(ladder)',
  ],
  ['a late import is on the ladder', 'src/updater/patches/b.ts', "export const x = import('../trust/believe.ts');", 'house(ladder)'],
  ['any', 'src/main/words/a.ts', 'export const x: any = 1;', 'typescript(no-explicit-any)'],
  [
    'a non-null assertion',
    'src/main/words/b.ts',
    'const [x] = process.argv;\nexport const y = x!.length;',
    'typescript(no-non-null-assertion)',
  ],
  ['a default export', 'src/main/words/c.ts', 'export default 1;', 'import(no-default-export)'],
  ['an unawaited promise', 'src/main/words/d.ts', "import { rm } from 'node:fs/promises';\n\nrm('x');", 'typescript(no-floating-promises)'],
  ['an assertion outside of parsing', 'src/main/words/e.ts', 'const x: unknown = 1;\nexport const y = x as string;', 'house(assertion)'],
  ['an export without a word about it', 'src/main/words/f.ts', 'export function x(): number {\n  return 1;\n}', 'house(documented)'],
  ['an empty catch', 'src/main/words/g.ts', "try {\n  process.chdir('/');\n} catch {}", 'eslint(no-empty)'],
  ['S30 exec', 'src/main/words/h.ts', "import { exec } from 'node:child_process';\n\nexport const x = exec;", 'house(no-shell)'],
  [
    'S30 exec by another name',
    'build/b.ts',
    "import { execSync as run } from 'node:child_process';\n\nexport const x = run;",
    'house(no-shell)',
  ],
  [
    'S30 exec with its whole module',
    'test/e.ts',
    "import * as child from 'node:child_process';\n\nexport const x = child;",
    'house(no-shell)',
  ],
  ['S30 a shell option', 'test/a.ts', "import { spawn } from 'node:child_process';\n\nspawn('ls', { shell: true });", 'house(no-shell)'],
  ['a linter silenced in the code', 'test/b.ts', '/* oxlint-disable */\nexport const x: any = 1;', 'house(no-silence)'],
  ['a formatter silenced in the code', 'test/c.ts', "// prettier-ignore\nexport const x = 'a';", 'house(no-silence)'],
  ['a drawer', 'src/main/updates/file-utils.ts', 'export const x = 1;', 'house(shape)'],
  ['an index file', 'src/main/ledger/index.ts', 'export const x = 1;', 'house(shape)'],
  ...tooMany.map((file, index): Plant => ['a tenth entry in a folder', file, 'export const x = 1;', index === 0 ? 'house(shape)' : '']),
  [
    'a fourth parameter',
    'src/main/sizes/a.ts',
    'export const x = (a: string, b: string, c: string, d: string) => a + b + c + d;',
    'eslint(max-params)',
  ],
  ['a file over 250 lines', 'src/main/sizes/b.ts', `export const x = [\n${long.repeat(250)}];`, 'eslint(max-lines)'],
  ['a function over 40 lines', 'src/main/sizes/c.ts', `export const x = () => [\n${long.repeat(42)}];`, 'eslint(max-lines-per-function)'],
];

/** What the compiler has to find: the references between projects hold the ladder a second time. */
export const compilerPlants: readonly Plant[] = [
  ['the engine is no project that sees main', 'src/updater/engine/a.ts', "export * from '../../main/shell.ts';", 'TS6307'],
  ['main is no project that sees the release tool', 'src/main/a.ts', "export * from '../../build/make.ts';", 'TS6307'],
  ['an enum', 'build/c.ts', 'export enum Kind {\n  A,\n}', 'TS1294'],
  ['an index that may be undefined', 'build/d.ts', 'export const x: string = process.argv[2];', 'TS2322'],
  ['an optional field set to undefined', 'build/e.ts', 'export const x: { y?: string } = { y: undefined };', 'TS2375'],
];

/** What the formatter has to find. */
export const formatPlants: readonly Plant[] = [['another style of quotes', 'test/d.ts', 'export const x = "a";', 'unformatted']];

/** What the search for dead code has to find. */
export const deadPlants: readonly Plant[] = [
  ['a file nobody imports', 'src/main/sizes/d.ts', 'export const x = 1;', 'Unused files'],
  ['an export nobody imports', 'build/q.ts', "export const used = 'used';\nexport const unused = 'unused';", 'Unused exports'],
  ['', 'build/bench/p.ts', "import { used } from '../q.ts';\n\nprocess.stdout.write(used);", ''],
  ['a package nobody declared', 'build/bench/r.ts', "import 'left-pad';", 'Unlisted dependencies'],
  ['a dependency nobody uses', 'package.json', '', 'Unused dependencies'],
];
