import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tempFolder } from '../ground/folder.ts';
import { clean, compilerPlants, deadPlants, formatPlants, lintPlants, type Plant } from './plants.ts';
import { root } from './rule.ts';

/*
 * Each gate runs once, on a small tree with the house's own configuration: a few files that keep every rule, and one file
 * for each rule that breaks it. What the gates say about the repository itself is `npm run check`, which `npm test` runs first.
 */
const configuration = [
  'package.json',
  'tsconfig.json',
  'src/updater/tsconfig.json',
  'src/main/tsconfig.json',
  'src/renderer/tsconfig.json',
  'electron/tsconfig.json',
  'build/tsconfig.json',
  'test/tsconfig.json',
  '.oxlintrc.json',
  'knip.jsonc',
  '.prettierrc.json',
  '.prettierignore',
  'vitest.config.ts',
  'test/ground/folder.ts',
  'test/gates',
];
const plants = [...lintPlants, ...compilerPlants, ...formatPlants, ...deadPlants];

let folder: Awaited<ReturnType<typeof tempFolder>>;
let found: Record<'linter' | 'compiler' | 'formatter' | 'deadCode', readonly string[]>;

beforeAll(async () => {
  folder = await tempFolder();
  for (const path of configuration) await cp(join(root, path), join(folder.path, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'), 'junction');
  const files = [
    ...Object.entries(clean),
    ...plants.filter(([, , text]) => text !== '').map(([, file, text]) => [file, `${text}\n`] as const),
  ];
  for (const [file, text] of files) {
    await mkdir(join(folder.path, dirname(file)), { recursive: true });
    await writeFile(join(folder.path, file), text);
  }
  const [linter, compiler, formatter, deadCode] = await Promise.all([lint(), compile(), format(), searchDeadCode()]);
  found = { linter, compiler, formatter, deadCode };
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('the linter', () => {
  findsEach(lintPlants, () => found.linter);
  test('finds nothing where nothing was planted', () => expect(elsewhere(found.linter)).toEqual([]));
});

describe('the compiler', () => {
  findsEach(compilerPlants, () => found.compiler);
});

describe('the formatter', () => {
  findsEach(formatPlants, () => found.formatter);
  test('finds nothing where nothing was planted', () => expect(elsewhere(found.formatter)).toEqual([]));
});

describe('the search for dead code', () => {
  findsEach(deadPlants, () => found.deadCode);
});

test('npm run check is these four gates', async () => {
  const manifest = manifestShape.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  expect(manifest.scripts.check.split(' && ').map((command) => command.split(' ')[0])).toEqual(['tsc', 'oxlint', 'prettier', 'knip']);
});

const manifestShape = z.object({ scripts: z.object({ check: z.string() }) });

async function lint(): Promise<readonly string[]> {
  const { stdout } = await run('oxlint', '--format', 'unix');
  return [...stdout.matchAll(/^(.+?):\d+:\d+: .*\[Error\/(.+)\]$/gm)].map(([, file, rule]) => `${file}: ${rule}`);
}

async function compile(): Promise<readonly string[]> {
  const { stdout } = await run('tsc', '-b', '--pretty', 'false');
  return [...stdout.matchAll(/^(.+?)\(\d+,\d+\): error (TS\d+)/gm)].map(([, file, code]) => `${file}: ${code}`);
}

async function format(): Promise<readonly string[]> {
  const { stdout } = await run('prettier', '--list-different', '.');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((file) => `${file}: unformatted`);
}

async function searchDeadCode(): Promise<readonly string[]> {
  const { stdout } = await run('knip', '--reporter', 'compact', '--no-config-hints');
  const sections = stdout.split(/^(?=[A-Z][a-z ]+ \(\d+\)$)/m).map((section) => section.split('\n'));
  return sections.flatMap(([title = '', ...lines]) =>
    lines.filter(Boolean).map((line) => line.replace(/: .*/, `: ${title.replace(/ \(.*/, '')}`)),
  );
}

/** Runs one of the gates in the planted tree; they all end with an error there. */
function run(program: string, ...args: string[]): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder.path, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 2 ** 26 };
    execFile(join(root, 'node_modules/.bin', program), args, options, (error, stdout, stderr) => {
      if (error && stdout !== '') resolve({ stdout });
      else reject(new Error(`${program} found nothing: ${stderr}`));
    });
  });
}

function findsEach(planted: readonly Plant[], findings: () => readonly string[]): void {
  for (const [rule, file, , finding] of planted.filter((plant) => plant[3] !== '')) {
    test(`finds: ${rule} (${file})`, () => expect(about(findings(), file)).toEqual([finding]));
  }
}

function about(findings: readonly string[], file: string): readonly string[] {
  return [...new Set(findings.filter((line) => line.startsWith(`${file}: `)).map((line) => line.slice(file.length + 2)))];
}

function elsewhere(findings: readonly string[]): readonly string[] {
  return findings.filter((line) => !plants.some(([, file]) => line.startsWith(`${file}: `)));
}
