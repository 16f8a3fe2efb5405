/**
 * Packaging: the compiled product around a runtime, as the folder that an installation holds.
 *
 *     <out>/moult                    starts the product (Electron itself, or a script that starts `node`)
 *     <out>/node · version · LICENSE.…   the runtime
 *     <out>/moult.json · notes · app.json   what the tree says about itself, its program, and the data version that holds it to
 *     <out>/resources/app/           package.json, dist/ (the compiler's output), node_modules/ (what the product needs, no more); one archive around Electron
 *
 * The same sources and the same runtime give the same bytes and modes. Nothing is fetched: everything is here already.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Failed } from '../../src/updater/model/failure.ts';
import type { Job } from '../../src/updater/model/job.ts';
import { configurationOf } from './configuration.ts';
import { writeDeclaration } from './declaration.ts';
import { electronFolder, makeNodeRuntime } from './runtime.ts';
import { stageApplication } from './stage.ts';

/** What to package, and around which runtime; `nodeBinary` is the Node to carry instead of the one that runs this, `dataVersion` that of the notes instead of the newest. */
export interface Product {
  readonly out: string;
  readonly version: string;
  readonly runtime: 'node' | 'electron';
  readonly nodeBinary?: string;
  readonly dataVersion?: number;
}

/** The repository's own folder. */
const sources = resolve(import.meta.dirname, '../..');

/**
 * Makes the folder `out` (which must not exist yet) and returns its path; on failure nothing is there.
 * Throws `usage/wrong` when `out` exists, the sources do not compile or the Electron binary is not here.
 */
export async function packageProduct(product: Product, job: Job): Promise<string> {
  const out = resolve(product.out);
  if (existsSync(out)) throw new Failed('usage/wrong', `${out} is there already`);
  const workshop = `${out}.making`;
  await rm(workshop, { recursive: true, force: true });
  await mkdir(workshop, { recursive: true });
  try {
    const runtime = await runtimeOf(product, join(workshop, 'runtime'));
    await run(
      [join(sources, 'node_modules/typescript/bin/tsc'), '-b', join(sources, product.runtime === 'node' ? 'src/main' : 'electron')],
      job,
    );
    const application = await stageApplication(sources, join(workshop, 'application'), product.runtime);
    const top = await writeDeclaration(sources, join(workshop, 'top'), product);
    const made = join(workshop, 'made');
    const configuration = configurationOf({ version: product.version, kind: product.runtime, application, runtime, output: made, top });
    await run([builder, JSON.stringify({ project: sources, configuration })], job);
    await rename(join(made, await unpackedIn(made)), out);
    return out;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

const builder = join(import.meta.dirname, 'builder-process.ts');

async function runtimeOf({ runtime, nodeBinary }: Product, folder: string): Promise<string> {
  if (runtime === 'node') return makeNodeRuntime(folder, nodeBinary ?? process.execPath);
  const electron = electronFolder(sources);
  if (electron === null) throw new Failed('usage/wrong', "Electron's binary is not here; package for the runtime `node` instead");
  return electron;
}

/** Runs a script on this Node to its end, quietly; what it said is the failure's detail. */
async function run(args: readonly string[], job: Job): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: sources, signal: job.signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  job.signal.throwIfAborted();
  if (child.exitCode !== 0) throw new Failed('usage/wrong', `packaging failed: ${`${said}${complained}`.trim().slice(-4000)}`);
}

/** electron-builder names its folder after the platform (`linux-unpacked`, `win-unpacked`, `mac`), beside notes of its own. */
async function unpackedIn(folder: string): Promise<string> {
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const [only] = folders;
  if (only === undefined || folders.length !== 1) throw new Error(`expected one folder in ${folder}, found ${folders.length}`);
  return only.name;
}
