import type { Command } from 'commander';
import { z } from 'zod';
import { nameSchema } from '../../../../src/updater/model/parse.ts';
import { ed25519PublicKey } from '../../../../src/updater/trust/signature.ts';
import { addPublisher, listPublishers, revokePublisher } from '../../metadata/publishers.ts';
import { lockRepository } from '../../publish/staging.ts';
import { openKeysOf, parseOptions, signingOptions } from '../input.ts';
import type { Outcome, Run, Session } from '../terminal.ts';

/** Adds `publisher add`, `publisher revoke` and `publisher list`. */
export function addPublisherCommands(program: Command, run: Run): void {
  const publisher = program.command('publisher').description('who may publish evolutions in this repository');
  publisher
    .command('add')
    .description('lets somebody publish below evolutions/<name>/, or exchanges their key; needs the targets key')
    .argument('<name>', 'the first part of the ids of their evolutions')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys')
    .requiredOption('--public-key <hex>', 'their public key, as "keygen --role publisher" printed it to them')
    .action((name: string, options: object) => run((session) => add(session, { ...options, name })));
  publisher
    .command('revoke')
    .description('takes that back: nothing of theirs is believed any more; needs the targets key')
    .argument('<name>', 'whom')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys')
    .action((name: string, options: object) => run((session) => revoke(session, { ...options, name })));
  publisher
    .command('list')
    .description('everybody who may')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .action((options: unknown) => run(() => list(options)));
}

const named = z.object({ ...signingOptions, name: nameSchema });
const publicKeySchema = z
  .string()
  .transform((hex) => ({ keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex.toLowerCase() } }) as const)
  .refine((key) => ed25519PublicKey(key) !== null, 'not a sound Ed25519 public key of 64 hexadecimal digits');

async function add({ terminal, job }: Session, given: object): Promise<Outcome> {
  const { repo, keys, name, publicKey } = parseOptions(named.extend({ publicKey: publicKeySchema }), given);
  await using _lock = await lockRepository(repo, job);
  await addPublisher(repo, await openKeysOf(keys, terminal), { name, publicKeys: [publicKey], now: new Date() });
  return { value: { added: name }, text: `${name} may publish below evolutions/${name}/` };
}

async function revoke({ terminal, job }: Session, given: object): Promise<Outcome> {
  const { repo, keys, name } = parseOptions(named, given);
  await using _lock = await lockRepository(repo, job);
  await revokePublisher(repo, await openKeysOf(keys, terminal), { name, now: new Date() });
  return { value: { revoked: name }, text: `nothing of ${name} is believed any more` };
}

async function list(given: unknown): Promise<Outcome> {
  const publishers = await listPublishers(parseOptions(z.object({ repo: z.string() }), given).repo);
  return { value: { publishers }, text: publishers.map(({ name, keyids }) => `${name}  ${keyids.join(', ')}`).join('\n') };
}
