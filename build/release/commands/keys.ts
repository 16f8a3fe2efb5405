import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { createKeys, type Profile } from '../metadata/keys.ts';
import { initRepository } from '../metadata/publish.ts';
import { renewOnline } from '../publish/renew.ts';
import { openKeysOf, openPublisher, parseOptions, readPassphrase, signingOptions } from './input.ts';
import type { Outcome, Run, Session } from './terminal.ts';

/** Adds `keygen`, `init` and `timestamp`. */
export function addKeyCommands(program: Command, run: Run): void {
  program
    .command('keygen')
    .description('makes the keys of a new repository')
    .requiredOption('--out <dir>', 'an empty folder for the key files, readable by you only')
    .option('--profile <solo|team>', 'root keys: two, one of which must sign (solo), or three, two of which must sign (team)', 'solo')
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
  const options = parseOptions(z.object({ out: z.string(), profile: z.enum(['solo', 'team']), encrypt: z.boolean() }), given);
  const profile: Profile = options.profile;
  const files = await createKeys(options.out, profile, options.encrypt ? await readPassphrase(terminal) : null);
  const advice =
    profile === 'solo'
      ? 'Print root-2.key, the recovery key, and remove it from this machine.'
      : 'Give each root key to another person; two of them must sign.';
  const text = `${files.map((file) => `made ${file}`).join('\n')}\n${advice}\nKeep root and targets keys off-line; channels, snapshot and timestamp may be on a server.`;
  return { value: { profile, files }, text };
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
