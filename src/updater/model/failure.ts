/**
 * Every way in which Moult is expected to fail, by the step that failed.
 *
 * The list is closed and a code never changes its meaning: scripts, support and translations rely on it. Across threads
 * and processes only `Failure` travels, never an error object.
 */

/** What to do about a failure: try again by itself, wait for a change from outside, or ask the person. */
export type Retry = 'soon' | 'later' | 'changed' | 'never';

/** Exit code of the command line and retry advice, per code. The exit codes are documented in `docs/commands.md`. */
const failures = {
  'check/offline': { exit: 6, retry: 'later' },
  'check/untrusted': { exit: 5, retry: 'later' },
  'check/stale': { exit: 5, retry: 'later' },
  'check/invalid': { exit: 5, retry: 'later' },
  'check/needs-updater': { exit: 1, retry: 'changed' },
  'check/no-such-version': { exit: 1, retry: 'changed' },
  'fetch/offline': { exit: 6, retry: 'later' },
  'fetch/refused': { exit: 1, retry: 'later' },
  'fetch/slow': { exit: 6, retry: 'later' },
  'fetch/tls': { exit: 5, retry: 'later' },
  'fetch/too-large': { exit: 5, retry: 'later' },
  'fetch/corrupt': { exit: 5, retry: 'later' },
  'build/invalid': { exit: 5, retry: 'later' },
  'build/hash': { exit: 1, retry: 'soon' },
  'build/base': { exit: 4, retry: 'changed' },
  'build/engine': { exit: 1, retry: 'soon' },
  'switch/denied': { exit: 1, retry: 'changed' },
  'switch/data': { exit: 3, retry: 'changed' },
  'switch/breaking': { exit: 3, retry: 'changed' },
  'start/failed': { exit: 7, retry: 'never' },
  'start/slow': { exit: 7, retry: 'later' },
  'start/unstable': { exit: 4, retry: 'changed' },
  'start/no-entry': { exit: 2, retry: 'never' },
  'start/nothing': { exit: 1, retry: 'changed' },
  'disk/space': { exit: 6, retry: 'changed' },
  'disk/denied': { exit: 6, retry: 'changed' },
  'disk/busy': { exit: 6, retry: 'soon' },
  'disk/io': { exit: 6, retry: 'later' },
  'disk/unsafe': { exit: 6, retry: 'changed' },
  'state/damaged': { exit: 4, retry: 'changed' },
  'state/newer': { exit: 6, retry: 'changed' },
  'usage/wrong': { exit: 2, retry: 'never' },
  'job/cancelled': { exit: 130, retry: 'soon' },
  'bug/unexpected': { exit: 1, retry: 'later' },
} as const satisfies Record<string, { exit: number; retry: Retry }>;

export type FailureCode = keyof typeof failures;

export const failureCodes: readonly FailureCode[] = Object.keys(failures).filter(isFailureCode);

/** A failure as data: what crosses threads, processes, the wire and the disk. `detail` is one technical sentence. */
export interface Failure {
  readonly code: FailureCode;
  readonly detail: string;
  readonly retry: Retry;
}

/** The one error that expected failures are thrown as; everything else that is thrown is a bug. */
export class Failed extends Error {
  readonly code: FailureCode;
  /** For how long a server asked to be left alone, in milliseconds; null where none did. */
  readonly retryAfterMs: number | null;

  constructor(code: FailureCode, detail: string, options: { cause?: unknown; retryAfterMs?: number | null } = {}) {
    super(`${code}: ${detail}`, options);
    this.name = 'Failed';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  get failure(): Failure {
    return { code: this.code, detail: this.message.slice(this.code.length + 2), retry: failures[this.code].retry };
  }
}

/** Whether a string from outside is one of the known codes. */
export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failures, code);
}

/** The command line's exit code (0–255) for a failure code. */
export function exitCodeOf(code: FailureCode): number {
  return failures[code].exit;
}

/** Turns whatever was thrown into data: a `Failed` as it is, an abort as cancelled, a system error by its errno, the rest as a bug. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failed) return thrown.failure;
  if (!(thrown instanceof Error)) return new Failed('bug/unexpected', String(thrown)).failure;
  if (thrown.name === 'AbortError') return new Failed('job/cancelled', 'stopped on request').failure;
  const name = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  // SQLite says more behind a second underscore, as in SQLITE_IOERR_READ.
  const code = errnoCodes[name] ?? errnoCodes[/^SQLITE_[A-Z]+/.exec(name)?.[0] ?? ''];
  return new Failed(code ?? 'bug/unexpected', thrown.message).failure;
}

/** System errors that can reach any step, as failure codes. */
const errnoCodes: Readonly<Record<string, FailureCode | undefined>> = {
  ENOSPC: 'disk/space',
  EDQUOT: 'disk/space',
  // Node has no name for EDQUOT: this is how it calls it on Linux, and on macOS.
  'Unknown system error -122': 'disk/space',
  'Unknown system error -69': 'disk/space',
  EACCES: 'disk/denied',
  EPERM: 'disk/denied',
  EROFS: 'disk/denied',
  EIO: 'disk/io',
  EMFILE: 'disk/io',
  ENFILE: 'disk/io',
  SQLITE_FULL: 'disk/space',
  SQLITE_CANTOPEN: 'disk/denied',
  SQLITE_READONLY: 'disk/denied',
  SQLITE_IOERR: 'disk/io',
};
