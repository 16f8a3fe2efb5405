/**
 * What the tool says and where: the result on stdout (text, or with `--json` one document), everything else on stderr.
 *
 * A bar is drawn on a terminal only; with `--json` progress is a line of JSON each; in logs only the names of the steps appear.
 */
import { Failed, exitCodeOf, failureOf } from '../../../src/updater/model/failure.ts';
import { throttled, type Job, type Progress } from '../../../src/updater/model/job.ts';
import { barText, megabytes, shareOf } from '../../../src/main/cli/terminal.ts';
import { failureText } from './messages.ts';

/** Where the tool was started from; `input` reads standard input to its end (for passphrases). */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  input(): Promise<string>;
  /** The width of the line that a bar may use; null where stderr is no terminal. */
  readonly columns: number | null;
  readonly signal: AbortSignal;
}

/** The options that every command has. */
export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What a command is given. */
export interface Session extends Manner {
  readonly terminal: Terminal;
  readonly job: Job;
  /** Names the next step of long work. */
  tell(line: string): void;
}

/** The result of a command: `value` for programs, `text` for people; exit code 0 unless said. */
export interface Outcome {
  readonly value: object;
  readonly text: string;
  readonly exitCode?: number;
}

/** How a command's action hands its work over; null is a command that has said everything already. */
export type Run = (command: (session: Session) => Promise<Outcome | null>) => Promise<void>;

/** Runs a command and returns its exit code (0–255); what it throws is told in the manner that was asked for. */
export async function runCommand(
  terminal: Terminal,
  manner: Manner,
  command: (session: Session) => Promise<Outcome | null>,
): Promise<number> {
  const line = lineOf(terminal, manner);
  const job = throttled({ signal: terminal.signal, report: line.show }, 100, () => performance.now());
  try {
    const outcome = await command({ ...manner, terminal, job, tell: line.tell });
    line.clear();
    if (outcome === null) return 0;
    const { value, text, exitCode = 0 } = outcome;
    terminal.out(manner.json ? `${JSON.stringify(value, null, 2)}\n` : `${text.trimEnd()}\n`);
    return exitCode;
  } catch (error) {
    line.clear();
    return tellFailure(terminal, manner, error);
  }
}

/** Tells a failure and returns its exit code. */
export function tellFailure(terminal: Terminal, { json }: Manner, error: unknown): number {
  const failure = failureOf(error instanceof Failed || !terminal.signal.aborted ? error : terminal.signal.reason);
  if (json) terminal.out(`${JSON.stringify({ failure }, null, 2)}\n`);
  else terminal.err(failureText(failure));
  return exitCodeOf(failure.code);
}

interface Line {
  show(progress: Progress): void;
  tell(text: string): void;
  clear(): void;
}

const silent: Line = { show: () => undefined, tell: () => undefined, clear: () => undefined };

function lineOf(terminal: Terminal, { json, quiet }: Manner): Line {
  if (quiet) return silent;
  if (json) return { ...silent, show: (progress) => terminal.err(`${JSON.stringify({ progress })}\n`) };
  const tell = (text: string): void => terminal.err(`${text}\n`);
  if (terminal.columns === null) return { ...silent, tell };
  return barOf(terminal, terminal.columns);
}

function barOf(terminal: Terminal, columns: number): Line {
  const erase = '\r\u001b[2K';
  const show = ({ step, doneBytes, totalBytes }: Progress): void => {
    const share = shareOf(doneBytes, totalBytes);
    const line = share === null ? `${step} …` : `${step.padEnd(10)}${barText(share)}  ${megabytes(doneBytes)}`;
    terminal.err(`${erase}${line.slice(0, columns - 1)}`);
  };
  const clear = (): void => terminal.err(erase);
  return { show, clear, tell: (text) => terminal.err(`${erase}${text}\n`) };
}
