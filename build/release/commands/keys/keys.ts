import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { createKey, createKeys, fileRoles, openKey, type Profile } from '../../metadata/keys.ts';
import { initRepository } from '../../metadata/publish.ts';
import { renewOnline } from '../../publish/renew.ts';
import { openKeysOf, openPublisher, parseOptions, readPassphrase, signingOptions } from '../input.ts';
import type { Outcome, Run, Session } from '../terminal.ts';
import { addPublisherCommands } from './publishers.ts';
import { addRotateCommand } from './rotate.ts';

/** Adds `keygen`, `init`, `timestamp`, `rotate-key` and `publisher`. */
export function addKeyCommands(program: Command, run: Run): void {
  addRotateCommand(program, run);
  addPublisherCommands(program, run);
  program
    .command('keygen')
    .description('makes the keys of a new repository, or one key')
    .requiredOption('--out <dir>', 'an empty folder for the key files, readable by you only')
    .option('--profile <solo|team>', 'root keys: two, one of which must sign (solo), or three, two of which must sign (team)', 'solo')
    .option('--role <role>', `only one key, for ${fileRoles.join(', ')}: what each person of a team does alone`)
    .option('--encrypt', 'protect the key files by a passphrase, read from standard input', false)
    .action((options: unknown) => run((session) => keygen(session, options)));
  program
    .command('init')
    .description('starts a repository that publishes nothing yet')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys')
    .action((options: unknown) => run((session) => init(session, options)));
  program
    .command('timestamp')
    .description('signs the timestamp again, and what else the online keys have to renew; run it daily')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys; the online ones are enough')
    .action((options: unknown) => run((session) => timestamp(session, options)));
}

async function keygen({ terminal }: Session, given: unknown): Promise<Outcome> {
  const options = parseOptions(keygenOptions, given);
  const passphrase = options.encrypt ? await readPassphrase(terminal) : null;
  if (options.role !== undefined) return oneKey(options.out, options.role, passphrase);
  const profile: Profile = options.profile;
  const files = await createKeys(options.out, profile, passphrase);
  const advice =
    profile === 'solo'
      ? 'Print root-2.key, the recovery key, and remove it from this machine.'
      : 'Give each root key to another person; two of them must sign.';
  const text = `${files.map((file) => `made ${file}`).join('\n')}\n${advice}\nKeep root and targets keys off-line; channels, snapshot and timestamp may be on a server.`;
  return { value: { profile, files }, text };
}

const keygenOptions = z.object({
  out: z.string(),
  profile: z.enum(['solo', 'team']),
  role: z.enum(fileRoles).optional(),
  encrypt: z.boolean(),
});

async function oneKey(folder: string, role: (typeof fileRoles)[number], passphrase: string | null): Promise<Outcome> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await createKey(join(folder, `${role}.key`), role, passphrase);
  const { key } = await openKey(file, role, passphrase);
  const publicKey = key.keyval.public;
  return { value: { role, files: [file], publicKey }, text: `made ${file}\nits public key is ${publicKey}` };
}

async function init({ terminal }: Session, given: unknown): Promise<Outcome> {
  const { repo, keys } = parseOptions(z.object(signingOptions), given);
  await initRepository(repo, await openKeysOf(keys, terminal), new Date());
  const trustedRoot = join(repo, 'metadata', '1.root.json');
  return { value: { repo, trustedRoot }, text: `made a repository in ${repo}\nApplications are shipped with its root: ${trustedRoot}` };
}

async function timestamp({ terminal, job }: Session, given: unknown): Promise<Outcome> {
  const expires = await renewOnline(await openPublisher(parseOptions(z.object(signingOptions), given), terminal), job);
  return { value: { expires }, text: `signed until ${expires.timestamp}` };
}
