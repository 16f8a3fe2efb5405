/**
 * Takes one check at a time out of the trust client and runs the committed tests: `npm run mutants:trust -- [first] [last] [file]`.
 *
 * Works on a copy in a temporary folder. One line of JSON per mutant; a mutant that no test notices is `survived`, and the exit code 1.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '../../../ground/folder.ts';
import { mutantsOf, type Mutant } from './mutations.ts';

const root = join(import.meta.dirname, '../../../..');
const trust = 'src/updater/trust';
const files = ['checks', 'choose', 'client', 'delegation', 'memory', 'metadata', 'release', 'signature', 'workflow'].map(
  (name) => `${name}.ts`,
);
/** The oracle would notice much, but only by chance: a check is to have a test of its own. */
const tests = ['attacks', 'choose', 'delegation', 'memory', 'metadata', 'release', 'signature'].map(
  (name) => `test/updater/trust/${name}.test.ts`,
);
/** A loop that no longer ends counts as noticed. */
const hangsAfterMs = 180_000;

const all: Mutant[] = [];
for (const file of files) all.push(...mutantsOf(file, await readFile(join(root, trust, file), 'utf8')));
const [first, last, only] = [Number(process.argv[2] ?? 1), Number(process.argv[3] ?? all.length), process.argv[4]];

await using copy = await tempFolder();
for (const name of ['src', 'build', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
  await cp(join(root, name), join(copy.path, name), { recursive: true, filter: (path) => !path.includes('node_modules') });
await symlink(join(root, 'node_modules'), join(copy.path, 'node_modules'));
if ((await run()) !== 'survived') throw new Error('the tests fail without any mutant');

let survived = 0;
for (const [at, { file, line, without, text }] of all.entries()) {
  if (at + 1 < first || at + 1 > last || (only !== undefined && only !== file)) continue;
  const path = join(copy.path, trust, file);
  const right = await readFile(path);
  await writeFile(path, text);
  const verdict = await run();
  await writeFile(path, right);
  if (verdict === 'survived') survived += 1;
  process.stdout.write(`${JSON.stringify({ n: at + 1, of: all.length, file, line, without, verdict })}\n`);
}
process.exitCode = survived === 0 ? 0 : 1;

/** Runs the tests in the copy until the first failure. */
async function run(): Promise<'killed' | 'survived' | 'killed (hangs)'> {
  const runner = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [runner, 'run', '--bail', '1', '--silent', '--testTimeout', '20000', ...tests], {
    cwd: copy.path,
    stdio: 'ignore',
    timeout: hangsAfterMs,
    killSignal: 'SIGKILL',
  });
  await once(child, 'exit');
  if (child.exitCode === null) return 'killed (hangs)';
  return child.exitCode === 0 ? 'survived' : 'killed';
}
