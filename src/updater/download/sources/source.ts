/** The words that a web server and a local folder share: both are a place that answers a question for some bytes of a file. */
import type { Failed } from '../../model/failure.ts';

/** A place that files come from. */
export interface Source {
  /** For messages: the base URL or the folder. */
  readonly label: string;
  /** Asks for a file by its plain relative name; throws `Failed` when asking again is no use, else `TryAgain`. */
  ask(name: string, want: Want, signal: AbortSignal): Promise<Answer>;
  /** Asks whether now is a good time for what nobody waits for; for how many milliseconds it is not, or null. Never throws but the signal's reason. */
  knock(question: unknown, signal: AbortSignal): Promise<number | null>;
}

/** What is asked for: a range (`to` is exclusive, null means up to the end) or, without one, the whole file. */
export interface Want {
  readonly range: { readonly from: number; readonly to: number | null } | null;
  /** The strong ETag of what we have already: bytes of another state of the file are of no use (If-Range, RFC 9110 13.1.5). */
  readonly validator: string | null;
  /** The most that the whole file may hold. */
  readonly maxBytes: number;
}

/** `absent`: no such file. `beyond`: the range is not in it (416). A `whole` answer to a question for a range is legal HTTP. */
export type Answer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'beyond' }
  | { readonly kind: 'range'; readonly validator: string | null; readonly totalBytes: number | null; readonly body: Body }
  | { readonly kind: 'whole'; readonly validator: string | null; readonly totalBytes: number | null; readonly body: Body };

/** The bytes of an answer, to be read once; disposing before the end closes the connection. */
export type Body = AsyncIterable<Uint8Array> & Disposable;

/** Thrown for what may be better the next time; `failure` is what it becomes when patience ends, `waitMs` what the server asked for. */
export class TryAgain extends Error {
  readonly failure: Failed;
  readonly waitMs: number | null;

  constructor(failure: Failed, waitMs: number | null = null) {
    super(failure.message, { cause: failure });
    this.name = 'TryAgain';
    this.failure = failure;
    this.waitMs = waitMs;
  }
}
