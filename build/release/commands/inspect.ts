import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { exitCodeOf } from '../../../src/updater/model/failure.ts';
import { examineRepository, type Report } from '../inspect/doctor.ts';
import { verifyRepository, type Verdict } from '../inspect/verify.ts';
import { parseOptions, readText } from './input.ts';
import { megabytes } from '../../../src/main/cli/terminal.ts';
import type { Outcome, Run, Session } from './terminal.ts';

/** Adds `verify` and `doctor`. */
export function addInspectCommands(program: Command, run: Run): void {
  program
    .command('verify')
    .description('looks at a repository as a new client would, at every published version')
    .requiredOption('--repo <url|dir>', 'where it is')
    .option('--trusted-root <file>', 'the root that applications are shipped with (else the one in the repository)')
    .option('--ca <file>', 'a certificate that the server is signed by, besides the usual ones')
    .option('--full', 'fetch everything, and build the tree of every version', false)
    .action((options: unknown) => run((session) => verify(session, options)));
  program
    .command('doctor')
    .description('tells what will expire, what is missing, and what takes how much room')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .action((options: unknown) => run(() => doctor(options)));
}

const verifyOptions = z.object({ repo: z.string(), trustedRoot: z.string().optional(), ca: z.string().optional(), full: z.boolean() });

async function verify({ job }: Session, given: unknown): Promise<Outcome> {
  const { repo, trustedRoot, ca: caFile, full } = parseOptions(verifyOptions, given);
  const isRemote = repo.includes('://');
  const source = isRemote ? repo : resolve(repo);
  const root = trustedRoot === undefined ? null : Buffer.from(await readText(trustedRoot, 512 * 1024));
  const depth = full ? 'trees' : isRemote ? 'headers' : 'bytes';
  const verdict = await verifyRepository({ source, trustedRoot: root, caFile, depth, now: new Date(), only: null }, job);
  const [first] = verdict.problems;
  if (first === undefined) return { value: { ok: true, ...verdict }, text: verdictText(verdict) };
  return { value: { ok: false, failure: first.failure, ...verdict }, text: verdictText(verdict), exitCode: exitCodeOf(first.failure.code) };
}

function verdictText({ versions, channels, problems, expires }: Verdict): string {
  const bytes = versions.reduce((sum, version) => sum + version.bytes, 0);
  return [
    ...versions.map(({ version, target, files }) => `good  ${version} for ${target}, ${files} packages`),
    ...problems.map(({ what, failure }) => `BAD   ${what}: ${failure.code}: ${failure.detail}`),
    `${channels.length} channels, ${megabytes(bytes)} of packages read, signed until ${expires}`,
  ].join('\n');
}

async function doctor(given: unknown): Promise<Outcome> {
  const { repo } = parseOptions(z.object({ repo: z.string() }), given);
  const report = await examineRepository(resolve(repo), new Date());
  const ok = report.findings.length === 0;
  const isBroken = report.findings.some(({ level }) => level === 'error');
  return { value: { ok, ...report }, text: reportText(report), exitCode: isBroken ? 4 : 0 };
}

function reportText({ findings, expires, bytes, waiting, unpublished }: Report): string {
  const old = unpublished.old.length === 0 ? '' : `, ${unpublished.old.length} of them older than 30 days: they may be deleted`;
  return [
    ...findings.map(({ level, what, todo }) => `${level.toUpperCase()}  ${what}\n         ${todo}`),
    ...Object.entries(expires).map(([role, at]) => `${role.padEnd(12)} signed until ${at}`),
    ...Object.entries(bytes).map(([kind, size]) => `${kind.padEnd(12)} ${megabytes(size)}`),
    ...waiting.map((each) => `built, not published: ${each}`),
    `${unpublished.files} files that nothing signed names (${megabytes(unpublished.bytes)})${old}`,
  ].join('\n');
}
