import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { releaseTypes, risks, severities } from '../../../src/updater/model/manifest.ts';
import { nameSchema, versionSchema } from '../../../src/updater/model/parse.ts';
import { buildRelease, type Built } from '../make/build.ts';
import { parseChangelog, readChangelog, type Changelog } from '../make/origin/changelog.ts';
import { newestOf } from '../publish/documents.ts';
import { readDocuments } from '../publish/published.ts';
import { readManifest } from '../publish/staging.ts';
import { levelOption, numberOption, openKeysOf, parseOptions, readJson, readText, signingOptions } from './input.ts';
import { megabytes } from '../../../src/main/cli/terminal.ts';
import type { Outcome, Run, Session } from './terminal.ts';

/** Adds `build` and `changelog`. */
export function addBuildCommands(program: Command, run: Run): void {
  const build = program
    .command('build')
    .description('makes package, patches and manifest of a folder; publishes nothing')
    .requiredOption('--tree <dir>', 'the folder to release')
    .requiredOption('--version <version>', 'its version')
    .requiredOption('--platform <name>', 'for example linux')
    .requiredOption('--arch <name>', 'for example x64')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys; the release key is needed')
    .option('--product <name>', 'the product', 'moult');
  describing(build).action((options: unknown) => run((session) => buildCommand(session, options)));
  program
    .command('changelog')
    .description('tells what happened since the last release, from conventional commits')
    .option('--repo <dir>', 'begin at the revision of the newest version published there')
    .option('--checkout <dir>', 'the checkout', '.')
    .option('--from <revision>', 'begin after this commit, instead of the last tag')
    .option('--to <revision>', 'end with this commit', 'HEAD')
    .action((options: unknown) => run((session) => changelog(session, options)));
}

function describing(command: Command): Command {
  return command
    .option('--notes <file>', 'release notes in Markdown (English)')
    .option('--changelog <file>', 'notes, changes and breaking changes as "changelog --json" prints them')
    .option('--type <type>', `${releaseTypes.join(', ')} (else what the version number says)`)
    .option('--severity <severity>', severities.join(', '))
    .option('--risk <risk>', risks.join(', '))
    .option('--data-version <n>', 'the version of its data (else what moult.json says)')
    .option('--min-from <version>', 'only machines with this version or a newer one can take it')
    .option('--needs-updater <version>', 'the oldest updater that can take it')
    .option('--needs-os <version>', 'the oldest system (kernel) it runs on')
    .option('--needs-libc <version>', 'the oldest glibc it runs on')
    .option('--no-rollback', 'it cannot be left for an older version')
    .option('--rollback-min <version>', 'the oldest version it can be left for')
    .option('--patches-from <n>', 'make patches from so many of the last versions (5; 0 for none)')
    .option('--also-from <versions...>', "and from these, for example the public installer's")
    .option('--level <n>', "zstd's level, 1 to 22 (19)")
    .option('--cache <dir>', 'where trees of older versions and results of bsdiff are kept')
    .option('--checkout <dir>', 'the checkout that tells revision and date (else the one around the tree)')
    .option('--revision <id>', 'the revision it was built from')
    .option('--source <url>', 'where its source is');
}

const buildOptions = z.object({
  ...signingOptions,
  tree: z.string(),
  version: versionSchema,
  platform: nameSchema,
  arch: nameSchema,
  product: nameSchema,
  notes: z.string().optional(),
  changelog: z.string().optional(),
  type: z.enum(releaseTypes).optional(),
  severity: z.enum(severities).optional(),
  risk: z.enum(risks).optional(),
  dataVersion: numberOption.optional(),
  minFrom: versionSchema.optional(),
  needsUpdater: versionSchema.optional(),
  needsOs: z.string().max(64).optional(),
  needsLibc: z.string().max(64).optional(),
  rollback: z.boolean(),
  rollbackMin: versionSchema.optional(),
  patchesFrom: numberOption.optional(),
  alsoFrom: z.array(versionSchema).optional(),
  level: levelOption.optional(),
  cache: z.string().optional(),
  checkout: z.string().optional(),
  revision: z.string().max(128).optional(),
  source: z.string().max(512).optional(),
});

async function buildCommand({ terminal, job, tell }: Session, given: unknown): Promise<Outcome> {
  const options = parseOptions(buildOptions, given);
  const { minFrom = null, needsUpdater: updater = null, needsOs: os = null, needsLibc: libc = null, rollbackMin = null } = options;
  const built = await buildRelease(
    {
      ...options,
      tree: resolve(options.tree),
      changelog: await describedChanges(options),
      needs: { updater, os, libc, minFrom },
      rollback: { supported: options.rollback, minVersion: rollbackMin },
    },
    { keys: await openKeysOf(options.keys, terminal), tell },
    job,
  );
  const { staged, ...packages } = built;
  return { value: { ...staged, ...packages }, text: builtText(built) };
}

async function describedChanges({
  notes,
  changelog: file,
}: {
  notes?: string | undefined;
  changelog?: string | undefined;
}): Promise<Changelog> {
  const told = file === undefined ? { notes: {}, changes: [], breaking: [] } : parseChangelog(await readJson(file));
  return notes === undefined ? told : { ...told, notes: { ...told.notes, en: await readText(notes, 1024 ** 2) } };
}

function builtText({ staged, full, patches, dropped }: Built): string {
  return [
    `built ${staged.version} for ${staged.platform}-${staged.arch}, tree ${staged.treeDigest}`,
    `  full package  ${megabytes(full.size)}`,
    ...patches.map(({ from, size }) => `  from ${from.padEnd(9)} ${megabytes(size)}`),
    ...dropped.map((from) => `  from ${from.padEnd(9)} no patch: it would be over half the full package`),
    'publish it with "moult-release publish"',
  ].join('\n');
}

const changelogOptions = z.object({ repo: z.string().optional(), checkout: z.string(), from: z.string().optional(), to: z.string() });

async function changelog({ job }: Session, given: unknown): Promise<Outcome> {
  const { repo, checkout, from, to } = parseOptions(changelogOptions, given);
  const begin = from ?? (repo === undefined ? null : await publishedRevision(repo));
  const found = await readChangelog({ checkout, from: begin, to }, job);
  return { value: found, text: found.notes['en'] ?? '' };
}

/** The commit of the newest published version, where its manifest names one. */
async function publishedRevision(repo: string): Promise<string | null> {
  const newest = [...(await readDocuments(repo)).lists.values()].flatMap((list) => newestOf(list) ?? [])[0];
  if (newest === undefined) return null;
  const { revision } = (await readManifest(repo, newest)).provenance;
  return /^[0-9a-f]{40}/.exec(revision)?.[0] ?? null;
}
