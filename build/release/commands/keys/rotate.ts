import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { Failed } from '../../../../src/updater/model/failure.ts';
import { verifyRepository } from '../../inspect/verify.ts';
import { createKey, joinKeys, keyRoles, openKey, openKeys, profiles, type KeyRole, type Profile } from '../../metadata/keys.ts';
import { readPublished } from '../../metadata/repository.ts';
import { rotateKeys } from '../../metadata/rotate.ts';
import type { Signer } from '../../metadata/sign.ts';
import { lockRepository } from '../../publish/staging.ts';
import { areLocked, openKeysOf, parseOptions } from '../input.ts';
import type { Outcome, Run, Session, Terminal } from '../terminal.ts';

/** Adds `rotate-key`. */
export function addRotateCommand(program: Command, run: Run): void {
  program
    .command('rotate-key')
    .description('exchanges the keys of a role; root keys sign that, and the old keys where the role has to go on being believed')
    .argument('<role>', keyRoles.join(', '))
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir...>', 'the folders of the present keys, or - for standard input')
    .option('--out <dir>', 'make the new keys, in this folder')
    .option('--new-keys <dir...>', 'use these new keys, which others have made')
    .option('--profile <solo|team>', 'with root: from now on two keys, one of which must sign (solo), or three and two (team)')
    .option('--encrypt', 'protect the new keys by a passphrase: the last line of standard input', false)
    .action((role: string, options: object) => run((session) => rotateKey(session, { ...options, role })));
}

const rotateOptions = z.object({
  role: z.enum(keyRoles),
  repo: z.string(),
  keys: z.array(z.string()).min(1),
  out: z.string().optional(),
  newKeys: z.array(z.string()).optional(),
  profile: z.enum(['solo', 'team']).optional(),
  encrypt: z.boolean(),
});

type Options = z.output<typeof rotateOptions>;

async function rotateKey({ terminal, job }: Session, given: object): Promise<Outcome> {
  const options = parseOptions(rotateOptions, given);
  const { role, repo, profile } = options;
  if (profile !== undefined && role !== 'root') throw new Failed('usage/wrong', '--profile is about root keys');
  if ((options.out === undefined) === (options.newKeys === undefined)) throw new Failed('usage/wrong', 'say either --out or --new-keys');
  const once = readOnce(terminal);
  const keys = joinKeys(await eachOf(options.keys, (folder) => openKeysOf(folder, once)));
  await using _lock = await lockRepository(repo, job);
  const before = await keyIds(repo, role);
  const { signers, files } = await newSigners(options, { now: before.length, terminal: once });
  await rotateKeys(repo, keys, { role, signers, now: new Date(), ...(profile === undefined ? {} : { profile }) });
  await verifyRepository({ source: repo, trustedRoot: null, depth: 'headers', now: new Date(), only: [] }, job);
  const ids = signers.map(({ id }) => id);
  const text = [
    ...files.map((file) => `made ${file}`),
    `${role} is signed by ${ids.length} new ${ids.length === 1 ? 'key' : 'keys'} from now on: ${ids.join(', ')}`,
    `Replace the old key files wherever they are in use, upload the repository, then destroy them: ${before.join(', ')}`,
  ];
  return { value: { role, keys: ids, replaced: before, files }, text: text.join('\n') };
}

/** Makes the new keys, or opens those that were made elsewhere. They are on disk before anything is signed: with `--new-keys` a rotation that was cut off goes on. */
async function newSigners(
  { role, profile, out, newKeys, encrypt }: Options,
  { now, terminal }: { readonly now: number; readonly terminal: Terminal },
): Promise<{ readonly signers: readonly Signer[]; readonly files: readonly string[] }> {
  if (newKeys !== undefined) {
    const opened = await eachOf(newKeys, async (folder) => openKeys(folder, (await areLocked(folder)) ? await lastLine(terminal) : null));
    return { signers: joinKeys(opened)[role], files: [] };
  }
  const folder = out ?? '';
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const passphrase = encrypt ? await lastLine(terminal) : null;
  const files = await eachOf(namesOf(role, profile, now), (name) => createKey(join(folder, name), role, passphrase));
  return { signers: await eachOf(files, (file) => openKey(file, role, passphrase)), files };
}

function namesOf(role: KeyRole, profile: Profile | undefined, now: number): readonly string[] {
  if (role !== 'root') return [`${role}.key`];
  const count = profile === undefined ? now : profiles[profile].keys;
  return Array.from({ length: count }, (_, i) => `root-${i + 1}.key`);
}

/** The ids of a role's present keys. */
async function keyIds(repo: string, role: KeyRole): Promise<readonly string[]> {
  const { root, targets } = await readPublished(repo);
  if (role !== 'channels') return root.roles[role].keyids;
  return targets.delegations?.roles.find(({ name }) => name === 'channels')?.keyids ?? [];
}

/** Standard input can be read once, and is asked for more than once. */
function readOnce(terminal: Terminal): Terminal {
  let text: Promise<string> | null = null;
  return { ...terminal, input: () => (text ??= terminal.input()) };
}

async function lastLine(terminal: Terminal): Promise<string> {
  const line = (await terminal.input()).trimEnd().split(/\r?\n/).at(-1) ?? '';
  if (line === '') throw new Failed('usage/wrong', 'no passphrase came on standard input');
  return line;
}

async function eachOf<From, To>(from: readonly From[], use: (each: From) => Promise<To>): Promise<readonly To[]> {
  const all: To[] = [];
  for (const each of from) all.push(await use(each));
  return all;
}
