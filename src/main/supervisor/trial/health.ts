/**
 * The health file: lines of JSON that a program appends and its supervisor reads (boot contract v1).
 *
 * Every start has a file of its own, so that a program which outlives its supervisor cannot speak for the next one. Lines that
 * are no JSON, unknown or longer than 4 KiB say nothing. What is read at a time is bounded, whatever a program writes.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasCode, namesIn, removeTree } from '../../../updater/disk/atomic.ts';
import type { Instance } from '../../../updater/install/layout.ts';
import type { Sight } from './judge.ts';

/** One start's health: the file's path, and what was said in it since the last time it was asked. */
export interface Health {
  readonly path: string;
  read(): Promise<readonly Sight[]>;
}

const lineBytes = 4096;
const readBytes = 256 * 1024;

/** Makes an empty health file for the next start, and removes those of starts before. */
export async function openHealth(instance: Instance): Promise<Health> {
  const folder = join(instance.folder, 'health');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await namesIn(folder)) await removeTree(join(folder, name));
  const path = join(folder, `${randomBytes(8).toString('hex')}.jsonl`);
  await (await open(path, 'wx', 0o600)).close();
  let offset = 0;
  let rest = '';
  const read = async (): Promise<readonly Sight[]> => {
    const bytes = await readFrom(path, offset);
    offset += bytes.length;
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop()?.slice(0, lineBytes) ?? '';
    return lines.filter((line) => line.length < lineBytes).flatMap((line) => parseSights(Buffer.from(line, 'latin1').toString()));
  };
  return { path, read };
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  try {
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(readBytes);
    const { bytesRead } = await file.read(buffer, 0, readBytes, offset);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    // A program that removes its health file says nothing more; what a disk does not give now it may give at the next look.
    if (hasCode(error, 'ENOENT', 'EIO')) return Buffer.alloc(0);
    throw error;
  }
}

const count = z.int().nonnegative();
const lineSchema = z.union([
  z.object({ stage: z.string() }).transform(({ stage }): Sight => ({ kind: 'stage', stage })),
  z.object({ unhealthy: z.string() }).transform(({ unhealthy }): Sight => ({ kind: 'unhealthy', why: unhealthy.slice(0, 500) })),
  z.object({ requests: count, errors: count }).transform((totals): Sight => ({ kind: 'requests', ...totals })),
  z
    .object({ quitting: z.enum(['user', 'session']), again: z.boolean().catch(false).default(false) })
    .transform(({ quitting, again }): Sight => ({ kind: 'quitting', by: quitting, again })),
]);

function parseSights(line: string): readonly Sight[] {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    // Half a line of a program that was killed while it wrote, or no health at all.
    return [];
  }
}
