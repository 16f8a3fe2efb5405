/**
 * What a command says and where: results on stdout (text, or one JSON document), progress and failures on stderr.
 *
 * A bar is drawn only on a terminal; with `--json` progress is a line of JSON each; otherwise long work is silent.
 */
import { speedometer } from '../../updater/download/speed.ts';
import { failureOf, exitCodeOf } from '../../updater/model/failure.ts';
import type { Job, Progress, Step } from '../../updater/model/job.ts';
import { failureText } from './messages.ts';

/** How a command speaks. */
export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Prints a result: `value` as one JSON document, or `text`. */
export function say(manner: Manner, value: unknown, text: string): void {
  process.stdout.write(manner.json ? `${JSON.stringify(value, null, 2)}\n` : `${text.trimEnd()}\n`);
}

/** Runs a command under Ctrl-C and returns its exit code (0–255); a failure is told in the command's manner. */
export async function runCommand(manner: Manner, command: (job: Job) => Promise<number>): Promise<number> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  // A second Ctrl-C ends at once. The end of a session may be told twice, to the whole group and by the launcher.
  process.once('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  const bar = barFor(manner);
  try {
    return await command({ signal: stopping.signal, report: (progress) => bar.show(progress) });
  } catch (error) {
    bar.clear();
    const failure = failureOf(error);
    if (manner.json) say(manner, { failure }, '');
    else process.stderr.write(failureText(failure));
    return exitCodeOf(failure.code);
  } finally {
    bar.clear();
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', stop);
  }
}

/** Shows where long work is, until it is cleared away. */
export interface Bar {
  show(progress: Progress): void;
  clear(): void;
}

/** What shows progress in this manner: a bar on a terminal, lines of JSON with `--json`, otherwise nothing. */
export function barFor({ json, quiet }: Manner): Bar {
  if (quiet) return { show: () => undefined, clear: () => undefined };
  if (json) return { show: (progress) => process.stderr.write(`${JSON.stringify({ progress })}\n`), clear: () => undefined };
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  return terminalBar();
}

const stepNames: Readonly<Record<Step, string>> = {
  check: 'Checking',
  download: 'Downloading',
  build: 'Building',
  verify: 'Verifying',
  switch: 'Switching',
  confirm: 'Confirming',
};

/** One line that is drawn over itself. */
function terminalBar(): Bar {
  const speed = speedometer();
  let drawn = false;
  const show = ({ step, doneBytes, totalBytes }: Progress): void => {
    const rate = step === 'download' ? speed.add(performance.now(), doneBytes) : null;
    const share = shareOf(doneBytes, totalBytes);
    const size = totalBytes === null ? '' : `${megabytes(doneBytes)} of ${megabytes(totalBytes)}`;
    const parts = [size, rate === null ? '' : `${megabytes(rate)}/s`].filter((part) => part !== '');
    // What has no end that is known has no bar either.
    const line = share === null ? `${stepNames[step]} …` : `${stepNames[step].padEnd(12)}${barText(share)}  ${parts.join(' · ')}`;
    process.stderr.write(`\r\u001b[2K${line.slice(0, Math.max(20, process.stderr.columns - 1))}`);
    drawn = true;
  };
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  return { show, clear };
}

/** How much is done, from 0 to 1; null while nobody knows how much there is. */
export function shareOf(doneBytes: number, totalBytes: number | null): number | null {
  return totalBytes === null || totalBytes === 0 ? null : Math.min(1, doneBytes / totalBytes);
}

/** A bar for a share from 0 to 1, with its percentage. */
export function barText(share: number): string {
  const filled = Math.round(share * 30);
  return `${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** Bytes for people: decimal, one digit, from kilobytes to gigabytes. */
export function megabytes(bytes: number): string {
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return bytes < 1_000_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
