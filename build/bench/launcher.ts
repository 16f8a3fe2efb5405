/**
 * `npm run bench:launcher`: a start through the launcher against starting the same program directly, in turn.
 *
 * The program ends at once, so that the difference is what the launcher costs. Three lists of what it checks: next to nothing,
 * what our own package has, and as much as a list may hold (`checks/boot-list.ts`).
 */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sha256Hex } from '../../src/updater/disk/hash.ts';
import { bootListText } from '../../src/updater/install/checks/boot-list.ts';
import { compare } from './side-by-side.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../src/main/launcher/moult.sh', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'moult-launcher-'));
const digest = 'a'.repeat(64);
const version = join(root, 'versions', '1.0.0-aaaaaaaa');
const record = {
  epoch: 1,
  evolutions: {},
  failure: null,
  n: 1,
  previous: null,
  state: 'good',
  treeDigest: digest,
  triesLeft: 3,
  version: '1.0.0',
};

try {
  console.log('| what is checked | through the launcher | directly | the launcher costs | ratio |\n|---|---:|---:|---:|---:|');
  console.log(await benchmark('3 files, 3 kB', 3, 1000));
  console.log(await benchmark('600 files, 5 MB', 600, 8500));
  console.log(await benchmark('1,000 files, 16 MB', 1000, 16_000));
} finally {
  await rm(root, { recursive: true, force: true });
}

async function benchmark(name: string, files: number, bytesEach: number): Promise<string> {
  await rm(root, { recursive: true, force: true });
  await writeInstallation(files, bytesEach);
  const prepare = async (): Promise<void> => undefined;
  const launcher = { prepare, run: () => run(join(root, 'boot', 'moult'), []) };
  const directly = { prepare, run: () => run(join(version, 'app'), [], { cwd: version }) };
  const { a, b, wallRatio } = await compare(15, launcher, directly);
  const cells = [a.wallMs, b.wallMs, a.wallMs - b.wallMs].map((ms) => `${ms.toFixed(1)} ms`);
  return `| ${name} | ${cells.join(' | ')} | ${wallRatio.toFixed(1)} |`;
}

async function writeInstallation(many: number, bytesEach: number): Promise<void> {
  const contents = new Map<string, string>([['app', '#!/bin/sh\nexit 0\n']]);
  for (let i = 1; i < many; i += 1) contents.set(`resources/app/dist/${i % 40}/${i}.js`, `// ${i}\n`.padEnd(bytesEach, 'x'));
  for (const [path, text] of contents) {
    await mkdir(dirname(join(version, path)), { recursive: true });
    await writeFile(join(version, path), text);
  }
  await chmod(join(version, 'app'), 0o755);
  const entries = [...contents].map(([path, text]) => ({ path, size: text.length, sha256: sha256Hex(text) }));
  const tree = { digest, links: [], files: entries.map((entry) => ({ ...entry, mode: 'file' as const, part: 'app' as const })) };
  await writeFile(`${version}.boot`, bootListText({ entry: { program: 'app', args: [] }, tree }));
  await writeFile(`${version}.json`, '{}\n');
  const instance = join(root, 'instances', 'default');
  await mkdir(join(instance, 'generations'), { recursive: true });
  await writeFile(join(instance, 'current.json'), '{"generation":1}\n');
  await writeFile(join(instance, 'generations', '1.json'), `${JSON.stringify(record)}\n`);
  await mkdir(join(root, 'boot'));
  await cp(script, join(root, 'boot', 'moult'));
  await chmod(join(root, 'boot', 'moult'), 0o755);
}
