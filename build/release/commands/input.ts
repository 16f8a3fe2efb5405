import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readBounded } from '../../../src/updater/disk/atomic.ts';
import { parseJson } from '../../../src/updater/disk/json.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { nameSchema, parseAs, versionSchema } from '../../../src/updater/model/parse.ts';
import { openKeyLines, openKeys, type Keys } from '../metadata/keys.ts';
import type { Publisher } from '../publish/change.ts';
import type { Terminal } from './terminal.ts';

/** A whole number as it is written on a command line. */
export const numberOption = z
  .string()
  .regex(/^\d{1,9}$/, 'not a whole number')
  .transform(Number);

/** zstd's levels. */
export const levelOption = numberOption.refine((level) => level >= 1 && level <= 22, 'not a level from 1 to 22');

/** The options that say where a release belongs; `target` is null unless both parts are given. */
export const placeOptions = {
  channel: nameSchema.default('stable'),
  platform: nameSchema.optional(),
  arch: nameSchema.optional(),
};

/** The options of whoever signs: repository and folder of keys. */
export const signingOptions = { repo: z.string(), keys: z.string() };

export const versionArgument = versionSchema.nullable();

/** Returns a command's options (as commander read them) in the shape of a schema; throws `usage/wrong` naming the option. */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown): z.output<Schema> {
  return parseAs(schema, options, { what: 'option', code: 'usage/wrong' });
}

/** `linux-x64` when both were given, null for all when neither; throws `usage/wrong` for half of it. */
export function targetOption({ platform, arch }: { platform?: string | undefined; arch?: string | undefined }): string | null {
  if (platform === undefined && arch === undefined) return null;
  if (platform !== undefined && arch !== undefined) return `${platform}-${arch}`;
  throw new Failed('usage/wrong', '--platform and --arch go together');
}

/**
 * Opens the keys of a folder; where they are encrypted, their passphrase is read from standard input. With `-` the keys themselves
 * come from there, one key file's line each, after a line with their passphrase where they need one.
 */
export async function openKeysOf(folder: string, terminal: Terminal): Promise<Keys> {
  if (folder === '-') return openGivenKeys(await terminal.input());
  return openKeys(folder, (await areLocked(folder)) ? await readPassphrase(terminal) : null);
}

async function openGivenKeys(text: string): Promise<Keys> {
  const lines = text.split(/\r?\n/);
  const [first = ''] = lines;
  return first.startsWith('{') ? openKeyLines(lines, null) : openKeyLines(lines.slice(1), first);
}

/** Opens what a command needs that changes what is published. */
export async function openPublisher(options: { repo: string; keys: string }, terminal: Terminal): Promise<Publisher> {
  return { repo: options.repo, keys: await openKeysOf(options.keys, terminal), now: new Date() };
}

/** The first line of standard input; throws `usage/wrong` when it is empty. */
export async function readPassphrase(terminal: Terminal): Promise<string> {
  if (terminal.columns !== null) terminal.err('Passphrase on standard input, end with Ctrl-D: ');
  const [passphrase = ''] = (await terminal.input()).split('\n');
  if (passphrase.trim() === '') throw new Failed('usage/wrong', 'no passphrase came on standard input');
  return passphrase.replace(/\r$/, '');
}

/** Reads a text file of at most `maxBytes`; throws `usage/wrong` when it is missing, larger or not UTF-8. */
export async function readText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readBounded(path, maxBytes).catch((cause: unknown) => {
    throw new Failed('usage/wrong', `${path} cannot be read, or has more than ${maxBytes} bytes`, { cause });
  });
  if (bytes === null) throw new Failed('usage/wrong', `there is no file ${path}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Failed('usage/wrong', `${path} is not UTF-8 text`, { cause });
  }
}

/** Reads a JSON file of at most 8 MiB; throws `usage/wrong`. */
export async function readJson(path: string): Promise<unknown> {
  const maxBytes = 8 * 1024 ** 2;
  return parseJson(Buffer.from(await readText(path, maxBytes)), { maxBytes }, 'usage/wrong');
}

/** Whether a folder has an encrypted key. */
export async function areLocked(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []); // A folder that is not there is refused where the keys are opened.
  for (const name of names.filter((each) => each.endsWith('.key'))) {
    if ((await readFile(join(folder, name), 'utf8')).includes('"box"')) return true;
  }
  return false;
}
