/** The `moult-release` command: from a folder to a published release, and everything that a publisher does afterwards. */
import { text } from 'node:stream/consumers';
import { Command, CommanderError } from 'commander';
import { Failed } from '../../src/updater/model/failure.ts';
import { addBuildCommands } from './commands/build.ts';
import { addInspectCommands } from './commands/inspect.ts';
import { addKeyCommands } from './commands/keys/keys.ts';
import { addPatchCommands } from './commands/patch.ts';
import { addPublishCommands } from './commands/publish.ts';
import { addServeCommand } from './commands/serve.ts';
import { runCommand, tellFailure, type Manner, type Run, type Terminal } from './commands/terminal.ts';

/** Runs one command line (without the program's own name) and returns the exit code (0–255). */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = programFor(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander ends by throwing: with 0 after --help, otherwise because the words were wrong.
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    const manner = { json: args.includes('--json'), quiet: false };
    return tellFailure(terminal, manner, new Failed('usage/wrong', usageText(error)));
  }
}

function usageText({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'say which command; --help lists them' : message.replace(/^error: /, '');
}

/** This process's own streams; Ctrl-C and SIGTERM stop the command, a second one ends the process. */
export function processTerminal(): Terminal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  return {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    input: () => text(process.stdin),
    columns: process.stderr.isTTY ? process.stderr.columns : null,
    signal: stopping.signal,
  };
}

function programFor(terminal: Terminal, end: (exitCode: number) => void): Command {
  const program = new Command('moult-release')
    .description('builds, signs, publishes and serves releases')
    .option('--json', 'one JSON document on stdout, progress as JSON lines on stderr', false)
    .option('--quiet', 'no progress', false)
    .exitOverride()
    // Wrong usage is told like any other failure, in `main`.
    .configureOutput({ writeOut: (line) => terminal.out(line), writeErr: () => undefined });
  const run: Run = async (command) => end(await runCommand(terminal, program.opts<Manner>(), command));
  for (const add of [addKeyCommands, addBuildCommands, addPublishCommands, addInspectCommands, addServeCommand, addPatchCommands])
    add(program, run);
  return program;
}
