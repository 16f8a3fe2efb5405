/** The `moult` command. Handlers return exit codes; wrong usage is 2, as in `docs/commands.md`. */
import { Command, CommanderError } from 'commander';
import { askEngine } from '../../updater/engine/process/client.ts';
import { health, repair } from './care/health.ts';
import { diff } from './commands/diff.ts';
import { rollback, versions, type RollbackOptions } from './commands/history.ts';
import { install, type InstallOptions } from './commands/install.ts';
import { start, type StartOptions } from './commands/start.ts';
import { status, version } from './commands/status.ts';
import { check, update, type UpdateOptions } from './commands/update.ts';
import { createCommand, deleteCommand, listCommand, pinCommand, restoreCommand, showCommand, type CreateOptions } from './data/snapshot.ts';
import { decide } from './data/decide.ts';
import { getPreferences, resetPreferenceNames, setPreference } from './data/prefs.ts';
import { exportData, type ExportOptions } from './data/export.ts';
import type { Globals } from './place.ts';

/** Runs one command line (without the program's own name) and returns the exit code; `ask` starts the engine in the kind of process that there is. */
export async function main(args: readonly string[], ask = askEngine): Promise<number> {
  // What this program and all that it starts write is nobody else's to change, whatever it was started with.
  process.umask(process.umask() | 0o022);
  let exitCode = 0;
  const program = build(ask, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(withSwitch(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander ends by throwing: 0 after --help, otherwise the person's words were wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** The old version's executable, started by whatever restarts it, is the supervisor of the new one. */
function withSwitch(args: readonly string[]): string[] {
  return args.at(-1) === '--switch' ? [...args.slice(0, -1), 'start'] : [...args];
}

function build(ask: Globals['ask'], end: (code: number) => void): Command {
  const program = new Command('moult')
    .description('installs, updates and takes back versions of an application')
    .option('--root <dir>', 'where the installation lives (else MOULT_ROOT, else the usual place)')
    .option('--instance <name>', 'which instance', 'default')
    .option('--json', 'one JSON document on stdout, progress as JSON lines on stderr', false)
    .option('--yes', 'say yes to what would be asked', false)
    .option('--quiet', 'no progress', false)
    .exitOverride();
  const run = (command: (globals: Globals) => Promise<number>): Promise<void> =>
    command({ ...program.opts<Omit<Globals, 'ask'>>(), ask }).then(end);
  addInstalling(program, run);
  addLooking(program, run);
  addCaring(program, run);
  addPreferring(program, run);
  addSnapshots(program.command('snapshot').description('what the instance had at one moment, kept and gone back to'), run);
  return program;
}

/** Collects an option that may be given more than once. */
function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

type Run = (command: (globals: Globals) => Promise<number>) => Promise<void>;

function addInstalling(program: Command, run: Run): void {
  program
    .command('install')
    .description('puts a first version into an empty root and makes it current')
    .requiredOption('--from <url|dir>', 'where releases are published; again for each mirror, asked in this order', several)
    .option('--ca <file>', 'further certificate authorities for these servers (PEM)')
    .option('--pin <sha256>', 'a public key that these servers may have; again for each further one', several)
    .requiredOption('--trusted-root <file>', "the publisher's root metadata")
    .option('--channel <name>', 'which channel', 'stable')
    .option('--product <name>', 'which product', 'moult')
    .option('--version <version>', 'which version, instead of the newest')
    .action((options: InstallOptions) => run((globals) => install(globals, options)));
  program
    .command('update')
    .description('fetches and builds the newest version beside the running one')
    .option('--to <version>', 'exactly this version')
    .option('--from <url|dir>', 'fetch from there this time')
    .option('--restart', 'switch to it at once', false)
    .option('--dry-run', 'only say what would be done', false)
    .option('--explain', 'the plan, the routes not taken and why', false)
    .option('--fresh', 'begin the new version with empty data; the present data is kept', false)
    .action((options: UpdateOptions) => run((globals) => update(globals, options)));
  program
    .command('rollback')
    .description('goes back to an earlier version')
    .argument('[generation|version]', 'which one, instead of the one before')
    .option('--data <keep|restore>', 'what to do with data that is newer than it can read')
    .action((target: string | undefined, options: RollbackOptions) => run((globals) => rollback(globals, target, options)));
  program
    .command('start')
    .description('switches to a waiting version, tries it, and starts the current one')
    .option('--wait-healthy', 'return when the program is ready, and let it run on', false)
    .option('--host <kind>', 'electron, browser or headless')
    .option('--safe', 'start it without evolutions', false)
    .action((options: StartOptions) => run((globals) => start(globals, options)));
}

function addLooking(program: Command, run: Run): void {
  program
    .command('check')
    .description('asks what is offered')
    .option('--from <url|dir>', 'ask there this time')
    .action((options: { from?: string }) => run((globals) => check(globals, options)));
  program
    .command('status')
    .description('what runs, what waits, what it takes on disk')
    .action(() => run(status));
  program
    .command('version')
    .description('the installed version, its revision and digests')
    .action(() => run(version));
  program
    .command('versions')
    .description('the history of this instance')
    .action(() => run(versions));
  program
    .command('diff')
    .description('what changed between two versions')
    .argument('<a>', 'a version or generation')
    .argument('<b>', 'a version or generation')
    .option('--text', 'line by line', false)
    .action((a: string, b: string, options: { text: boolean }) => run((globals) => diff(globals, [a, b], options)));
  program
    .command('export')
    .description('writes your data in open formats, whether or not the application starts')
    .requiredOption('--to <dir>', 'a folder that does not exist yet, or is empty')
    .option('--epoch <number>', 'of an epoch that was left, instead of the present one')
    .action((options: ExportOptions) => run((globals) => exportData(globals, options)));
}

function addCaring(program: Command, run: Run): void {
  program
    .command('health')
    .description('looks over everything that this instance relies on')
    .action(() => run(health));
  program
    .command('repair')
    .description('mends what is not as it should be')
    .option('--dry-run', 'only say what would be done', false)
    .action((options: { dryRun: boolean }) => run((globals) => repair(globals, options)));
}

function addPreferring(program: Command, run: Run): void {
  const prefs = program.command('prefs').description('what is set about updates and the window');
  prefs
    .command('get')
    .description('what holds, and which of it an administrator set')
    .argument('[name]', 'one of them')
    .action((name: string | undefined) => run((globals) => getPreferences(globals, name)));
  prefs
    .command('set')
    .description('sets one; it holds at once')
    .argument('<name>', 'which')
    .argument('<value>', 'its value: a word, a number, true or false, null, or 22:30-06:00 for hours')
    .action((name: string, value: string) => run((globals) => setPreference(globals, name, value)));
  prefs
    .command('reset')
    .description('lets the usual hold again')
    .argument('<name...>', 'which')
    .action((names: readonly string[]) => run((globals) => resetPreferenceNames(globals, names)));
  program
    .command('decide')
    .description('puts the version on offer off, or skips it')
    .argument('<later|skip>', 'what to do with it')
    .option('--hours <number>', 'for how long: 4, 24 or 72', '24')
    .action((decision: string, options: { hours: string }) => run((globals) => decide(globals, decision, options)));
}

function addSnapshots(snapshot: Command, run: Run): void {
  snapshot
    .command('create')
    .description('keeps the present data, while the program may be running')
    .option('--note <text>', 'what it is for', '')
    .option('--program', 'keep a copy of the version too', false)
    .option('--rehash', 'read every file, changed or not', false)
    .option('--keep <number>', 'how many automatic snapshots stay')
    .action((options: CreateOptions) => run((globals) => createCommand(globals, options)));
  snapshot
    .command('list')
    .description('every snapshot, newest first')
    .action(() => run(listCommand));
  snapshot
    .command('show')
    .description('what is in one')
    .argument('<id>', 'its id, or the number at its beginning')
    .option('--verify', 'read every content', false)
    .action((id: string, options: { verify: boolean }) => run((globals) => showCommand(globals, id, options)));
  snapshot
    .command('pin')
    .description('keeps one until it is unpinned')
    .argument('<id>', 'its id or number')
    .option('--off', 'unpin it', false)
    .action((id: string, options: { off: boolean }) => run((globals) => pinCommand(globals, id, options)));
  snapshot
    .command('restore')
    .description('goes back to one; what is there now becomes a snapshot itself')
    .argument('<id>', 'its id or number')
    .action((id: string) => run((globals) => restoreCommand(globals, id)));
  snapshot
    .command('delete')
    .description('removes one and what only it kept')
    .argument('<id>', 'its id or number')
    .action((id: string) => run((globals) => deleteCommand(globals, id)));
}
