import type { Command } from 'commander';
import { z } from 'zod';
import { pauseRelease, promoteRelease, withdrawRelease, type Changed } from '../publish/change.ts';
import { publishRelease } from '../publish/publish.ts';
import { openPublisher, parseOptions, placeOptions, signingOptions, targetOption, versionArgument } from './input.ts';
import type { Outcome, Run, Session } from './terminal.ts';
import { nameSchema, versionSchema } from '../../../src/updater/model/parse.ts';

/** Adds `publish`, `promote`, `pause`, `resume` and `withdraw`. */
export function addPublishCommands(program: Command, run: Run): void {
  signing(program.command('publish'), 'publishes what build has made, and looks at the result as a new client would')
    .option('--version <version>', 'only this version, instead of all that were built')
    .option('--rollout <percent>', 'the share of machines it goes to: 25, or a ramp such as 10,50@24h,100@3d', '100')
    .action((options: unknown) => run((session) => publish(session, options)));
  signing(program.command('promote'), 'offers a published version to more machines, or in another channel; needs the online keys only')
    .argument('[version]', 'which one, instead of the newest on offer')
    .requiredOption('--rollout <percent>', 'the share of machines it goes to: 25, or a ramp such as 10,50@24h,100@3d')
    .action((version: string | undefined, options: unknown) => run((session) => promote(session, version, options)));
  signing(program.command('pause'), 'stops an offer; needs the online keys only')
    .argument('[version]', 'which one, instead of the newest on offer')
    .option('--off', 'let it go on', false)
    .action((version: string | undefined, options: { off: boolean }) =>
      run((session) => pause(session, version, { ...options, paused: !options.off })),
    );
  signing(program.command('resume'), 'lets a paused offer go on; needs the online keys only')
    .argument('[version]', 'which one, instead of the newest on offer')
    .action((version: string | undefined, options: object) => run((session) => pause(session, version, { ...options, paused: false })));
  signing(
    program.command('withdraw'),
    'takes a version back for good, in all channels unless one is named; needs the online keys only',
    null,
  )
    .argument('<version>', 'which one')
    .option('--reason <text>', 'what users are told', 'withdrawn by its publisher')
    .action((version: string, options: unknown) => run((session) => withdraw(session, version, options)));
}

function signing(command: Command, description: string, channel: string | null = 'stable'): Command {
  command
    .description(description)
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .requiredOption('--keys <dir>', 'the folder of the keys')
    .option('--platform <name>', 'only for this platform (with --arch)')
    .option('--arch <name>', 'only for this processor (with --platform)');
  return channel === null
    ? command.option('--channel <name>', 'which channel')
    : command.option('--channel <name>', 'which channel', channel);
}

const common = z.object({ ...signingOptions, ...placeOptions });

async function publish({ terminal, job }: Session, given: unknown): Promise<Outcome> {
  const options = parseOptions(common.extend({ rollout: z.string(), version: versionSchema.optional() }), given);
  const { channel, rollout, version = null } = options;
  const publisher = await openPublisher(options, terminal);
  return told('published', await publishRelease({ channel, rollout, version, target: targetOption(options) }, publisher, job));
}

async function promote({ terminal, job }: Session, version: string | undefined, given: unknown): Promise<Outcome> {
  const options = parseOptions(common.extend({ rollout: z.string() }), given);
  const what = { channel: options.channel, rollout: options.rollout, ...selected(options, version) };
  return told('promoted', await promoteRelease(what, await openPublisher(options, terminal), job));
}

async function pause({ terminal, job }: Session, version: string | undefined, given: object): Promise<Outcome> {
  const options = parseOptions(common.extend({ paused: z.boolean() }), given);
  const { channel, paused } = options;
  const changed = await pauseRelease({ channel, paused, ...selected(options, version) }, await openPublisher(options, terminal), job);
  return told(paused ? 'paused' : 'resumed', changed);
}

async function withdraw({ terminal, job }: Session, version: string, given: unknown): Promise<Outcome> {
  const options = parseOptions(common.extend({ channel: nameSchema.optional(), reason: z.string().max(2000) }), given);
  const { channel = null, reason } = options;
  const what = { channel, reason, version: parseOptions(versionSchema, version), target: targetOption(options) };
  return told('withdrawn', await withdrawRelease(what, await openPublisher(options, terminal), job));
}

function selected(options: z.output<typeof common>, version: string | undefined): { version: string | null; target: string | null } {
  return { version: parseOptions(versionArgument, version ?? null), target: targetOption(options) };
}

function told(verb: string, changed: readonly Changed[]): Outcome {
  const lines = changed.map(({ version, channel, target }) => `${verb} ${version} in ${channel} for ${target}`);
  return { value: { [verb]: changed }, text: lines.join('\n') };
}
