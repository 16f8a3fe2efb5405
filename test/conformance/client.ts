/**
 * Our TUF client under the conformance suite's command line:
 *
 *   client --metadata-dir DIR init TRUSTED_ROOT
 *   client --metadata-dir DIR --metadata-url URL refresh
 *   client --metadata-dir DIR --metadata-url URL --target-name NAME… --target-base-url URL --target-dir DIR download
 *
 * Exit code 0 or 1.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replaceFile } from '../../src/updater/disk/atomic.ts';
import { Failed, failureOf } from '../../src/updater/model/failure.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { refresh, type Trusted } from '../../src/updater/trust/client.ts';
import { readAnyKey } from './keys.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
});

await run().catch((error: unknown) => {
  const { code, detail } = failureOf(error);
  console.error(`${code}: ${detail}`);
  process.exitCode = 1;
});

async function run(): Promise<void> {
  const [command, file] = positionals;
  if (command === 'init') return init(file ?? '');
  if (command === 'refresh') return void (await refreshed());
  if (command === 'download') return download();
  throw new Failed('usage/wrong', `no such command: ${command}`);
}

async function init(file: string): Promise<void> {
  await mkdir(option('metadata-dir'), { recursive: true });
  await replaceFile(join(option('metadata-dir'), 'root.json'), await readFile(file));
}

async function refreshed(): Promise<Trusted> {
  const folder = option('metadata-dir');
  const trustedRoot = await readFile(join(folder, 'root.json'));
  return refresh({ folder, trustedRoot, floor: {}, now: new Date(), readKey: readAnyKey }, fetchFile, quietJob());
}

async function download(): Promise<void> {
  const trusted = await refreshed();
  await mkdir(option('target-dir'), { recursive: true });
  for (const name of values['target-name'] ?? []) {
    await replaceFile(join(option('target-dir'), encodeURIComponent(name)), await trusted.target(name));
  }
}

async function fetchFile(name: string, maxBytes: number): Promise<Uint8Array | null> {
  const slash = name.indexOf('/');
  const base = name.startsWith('metadata/') ? option('metadata-url') : option('target-base-url');
  const response = await fetch(`${base.replace(/\/$/, '')}${name.slice(slash)}`, {
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 404 || response.status === 403) return null;
  if (!response.ok || response.body === null) throw new Failed('check/offline', `${name}: ${response.status}`);
  const body: AsyncIterable<Uint8Array> = response.body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new Failed('fetch/too-large', `${name} has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function option(name: 'metadata-dir' | 'metadata-url' | 'target-base-url' | 'target-dir'): string {
  const value = values[name];
  if (value === undefined) throw new Failed('usage/wrong', `--${name} is missing`);
  return value;
}
