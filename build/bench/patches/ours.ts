/** Our own patch of a pair: made by the command with an empty cache, and applied beside a loop that reads, hashes and writes. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pair } from './pairs.ts';
import { measure, type Usage } from './usage.ts';

/** CPU in milliseconds and the most resident memory in MiB, of a process that does nothing else. */
export interface Once {
  readonly cpuMs: number;
  readonly residentMiB: number;
}

/** Our patch in bytes, what making it took, and what applying it and the loop take; null for trees, which the loop does not know. */
export interface OurPatch {
  readonly bytes: number;
  readonly usage: Usage;
  readonly apply: { readonly ours: Once; readonly loop: Once } | null;
}

const command = fileURLToPath(new URL('../../release/moult-release.mjs', import.meta.url));
const applyScript = fileURLToPath(new URL('../apply.ts', import.meta.url));

/** Makes the patch in `folder`, applies it, and throws unless what comes out is the new file. */
export async function ourPatch(pair: Pair, folder: string): Promise<OurPatch> {
  const patch = join(folder, 'patch');
  const usage = await measure(process.execPath, [command, 'patch', 'make', pair.old, pair.new, patch, '--cache', join(folder, 'cache')]);
  const out = join(folder, 'applied');
  await measure(process.execPath, [command, 'patch', 'apply', pair.old, patch, out]);
  await measure('diff', ['-r', out, pair.new]);
  await rm(out, { recursive: true });
  const apply = pair.kind === 'tree' ? null : { ours: await once('apply', pair, folder), loop: await once('loop', pair, folder) };
  return { bytes: (await stat(patch)).size, usage, apply };
}

async function once(which: 'apply' | 'loop', { old, new: next }: Pair, folder: string): Promise<Once> {
  const { output } = await measure(process.execPath, [applyScript, '--once', which, old, next, folder]);
  const [, cpu, resident] = /(\d+) ms of CPU, (\d+) MiB resident/.exec(output) ?? [];
  if (cpu === undefined || resident === undefined) throw new Error(`apply.ts said: ${output}`);
  return { cpuMs: Number(cpu), residentMiB: Number(resident) };
}
