import type { Command } from 'commander';
import { z } from 'zod';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { versionSchema } from '../../../src/updater/model/parse.ts';
import { applyPatchFile, openPatch } from '../../../src/updater/patches/standalone.ts';
import { signingKey, usualCache } from '../make/options.ts';
import { makePatchBetween } from '../patch/between.ts';
import { differs } from '../patch/compare/control.ts';
import { levelOption, openKeysOf, parseOptions } from './input.ts';
import { megabytes } from '../../../src/main/cli/terminal.ts';
import type { Outcome, Run, Session } from './terminal.ts';

/** Adds `patch make`, `patch apply` and `patch show`. */
export function addPatchCommands(program: Command, run: Run): void {
  const patch = program.command('patch').description('works on single patch files, without a repository');
  patch
    .command('make')
    .description('makes the patch between two files or two folders')
    .argument('<old>', 'a file or folder')
    .argument('<new>', 'what it shall become')
    .argument('<out>', 'the patch file')
    .option('--keys <dir>', 'sign it with the release key; without, only "patch apply" accepts it')
    .option('--from-version <version>', 'the version of <old>, as a label', '0.0.0')
    .option('--to-version <version>', 'the version of <new>, as a label', '0.0.1')
    .option('--level <n>', "zstd's level, 1 to 22 (19)")
    .option('--differ <name>', 'who compares the files: moult, or bsdiff for a second opinion (moult)')
    .option('--cache <dir>', 'where results of comparing are kept')
    .action((...given: unknown[]) => run((session) => make(session, given)));
  patch
    .command('apply')
    .description('makes the new file or folder')
    .argument('<old>', 'a file or folder')
    .argument('<patch>', 'the patch file')
    .argument('<out>', 'what comes out; must not exist yet')
    .action((old: string, file: string, out: string) => run((session) => apply(session, { old, patch: file, out })));
  patch
    .command('show')
    .description('tells what a patch file does')
    .argument('<patch>', 'the patch file')
    .action((file: string) => run(() => show(file)));
}

const makeOptions = z.object({
  keys: z.string().optional(),
  fromVersion: versionSchema,
  toVersion: versionSchema,
  level: levelOption.optional(),
  cache: z.string().default(usualCache),
  differ: z.enum(differs).default('moult'),
});
/** What commander hands over: the three arguments, the options, the command itself. */
const makeArguments = z.tuple([z.string(), z.string(), z.string(), makeOptions], z.unknown());

async function make({ terminal, job }: Session, given: unknown): Promise<Outcome> {
  const [before, after, out, options] = parseOptions(makeArguments, given);
  const { keys, level, cache, differ, fromVersion, toVersion } = options;
  const key = keys === undefined ? null : signingKey(await openKeysOf(keys, terminal));
  const signing = { keyId: key?.id ?? '', sign: key === null ? null : (digest: Uint8Array): Uint8Array => key.sign(digest) };
  const versions = { old: fromVersion, new: toVersion };
  const made = await makePatchBetween(
    { old: before, new: after, out, cache, differ, ...signing, versions, ...(level === undefined ? {} : { level }) },
    job,
  );
  return { value: { out, signed: key !== null, ...made }, text: `made ${out}, ${megabytes(made.size)}` };
}

async function apply({ job }: Session, what: { old: string; patch: string; out: string }): Promise<Outcome> {
  const tree = await applyPatchFile(what, job);
  const digest = treeDigest(tree);
  return { value: { out: what.out, treeDigest: digest, files: tree.files.length }, text: `made ${what.out}, tree ${digest}` };
}

async function show(path: string): Promise<Outcome> {
  const { header, headerSize } = await openPatch(path);
  const { entries, frames, links, ...rest } = header;
  const changes = entries.map((entry) => ({
    op: entry.op,
    path: entry.path,
    ...('form' in entry ? { form: entry.form, size: entry.size } : {}),
  }));
  const lines = changes.map(
    ({ op, path: name, form, size }) => `  ${op.padEnd(7)}${form === undefined ? '' : `${form}, ${megabytes(size ?? 0)}, `}${name}`,
  );
  const text = [
    `${rest.fromVersion ?? 'nothing'} → ${rest.toVersion}: ${megabytes(headerSize + rest.bodySize)} in ${frames.length} frames`,
    ...lines,
  ].join('\n');
  return {
    value: { ...rest, size: headerSize + rest.bodySize, headerSize, frames: frames.length, links: links.length, entries: changes },
    text,
  };
}
