/**
 * What the shell did, for whoever helps: `logs/shell.log` of the instance, a line of JSON per event; `shell.1.log` to `shell.4.log` came before it.
 *
 * A line names commands, codes, versions and milliseconds; never what somebody wrote, a key or a ticket, and the person's own folder
 * is `~`. A log that cannot be written is done without.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { hasCode } from '../../updater/disk/atomic.ts';
import type { Instance } from '../../updater/install/layout.ts';

/** Notes what happened, with what may be known about it; `warn` is for what should not have happened. */
export interface Log {
  note(event: string, about?: Readonly<Record<string, unknown>>): void;
  warn(event: string, about?: Readonly<Record<string, unknown>>): void;
}

const mostBytes = 1_000_000;
const files = 5;
/** Whatever slips in under one of these names is not written. */
const secret = ['key', 'ticket', 'authorization', 'text', 'search', 'title', 'input', 'answer'];

/** Opens an instance's log; `home` is the folder that becomes `~`. */
export function openLog({ folder }: Pick<Instance, 'folder'>, home: string = homedir()): Log {
  const write = writerTo(join(folder, 'logs'));
  const hide = (line: string): string => (home.length > 1 ? line.replaceAll(JSON.stringify(home).slice(1, -1), '~') : line);
  const redact = { paths: [...secret, ...secret.map((name) => `*.${name}`)], censor: '…' };
  const options = { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, redact };
  const logger = pino(options, { write: (line) => write(hide(line)) });
  return { note: (event, about = {}) => logger.info(about, event), warn: (event, about = {}) => logger.warn(about, event) };
}

/** Appends lines at once, so that a crash loses none, and begins a new file when the present one is full. */
function writerTo(folder: string): (line: string) => void {
  const path = (n: number): string => join(folder, n === 0 ? 'shell.log' : `shell.${n}.log`);
  return (line) => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (bytesOf(path(0)) + Buffer.byteLength(line) > mostBytes) for (let n = files - 2; n >= 0; n -= 1) rename(path(n), path(n + 1));
      appendFileSync(path(0), line, { mode: 0o600 });
    } catch {
      // A full disk, or something in its place: no reason to stop.
    }
  };
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // There are not that many yet.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
