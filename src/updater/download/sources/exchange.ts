/**
 * One question to a web server, from the request to the last byte of its answer.
 *
 * Promises that hold whatever the server does: headers come within `answerMs` or it is over; while somebody waits for bytes,
 * `minimumBytes` come per `minimumWindowMs` or it is over; never more is read than what is allowed plus the one piece (64 KiB)
 * that shows the excess; and once it is over before its end, the socket is closed. Whoever waits hears the reason first and the
 * socket is destroyed after that, since else every reason would look like a cut.
 */
import { performance } from 'node:perf_hooks';
import type { Dispatcher } from 'undici';
import { Failed } from '../../model/failure.ts';
import type { Limits } from '../limits.ts';
import type { Headers } from './headers.ts';
import { networkFailure } from './network-failure.ts';
import { TryAgain } from './source.ts';

export interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** What lies here unread before the socket is paused. */
const queueBytes = 128 * 1024;

/** The undici handler of one request; `allowance` says from the head how many bytes of the body may be read. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #limits: Limits;
  readonly #allowance: (head: Head) => number;
  readonly #head = Promise.withResolvers<Head>();
  readonly #chunks: Uint8Array[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #state: 'asked' | 'answered' | 'over' = 'asked';
  #failure: Error | null = null;
  #allowedBytes = 0;
  #queuedBytes = 0;
  #windowBytes = 0;
  #windowMs = 0;
  #wake: () => void = () => undefined;
  #stopListening: () => void = () => undefined;

  constructor(limits: Limits, allowance: (head: Head) => number) {
    this.#limits = limits;
    this.#allowance = allowance;
    // Whoever gives up before the answer never looks at it again.
    this.#head.promise.catch(() => undefined);
  }

  /** Sends the request; returns the answer's head. Throws `Failed`, `TryAgain` or the signal's reason. */
  async send(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, signal: AbortSignal): Promise<Head> {
    signal.throwIfAborted();
    const onAbort = (): void => this.#stop(toError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    const late = new TryAgain(new Failed('fetch/slow', `no answer within ${this.#limits.answerMs} ms`));
    const timer = setTimeout(() => this.#stop(late), this.#limits.answerMs);
    this.#stopListening = () => signal.removeEventListener('abort', onAbort);
    try {
      dispatcher.dispatch(request, this);
      return await this.#head.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns the next bytes of the body, or null at its end; throws like `send`. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length;
        if (this.#queuedBytes < queueBytes && this.#state !== 'over') this.#controller?.resume();
        return chunk;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#state === 'over') return null;
      await this.#arrival();
    }
  }

  /** Ends it; a body that is not at its end takes the connection with it. */
  close(): void {
    this.#stop(new Error('closed'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== null) controller.abort(this.#failure);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx are notes on the way, not the answer.
    if (status < 200 || this.#state !== 'asked') return;
    this.#state = 'answered';
    const head = { status, headers };
    this.#allowedBytes = this.#allowance(head);
    this.#head.resolve(head);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#state !== 'answered') return;
    const kept = chunk.subarray(0, this.#allowedBytes);
    this.#allowedBytes -= kept.length;
    this.#queuedBytes += kept.length;
    this.#windowBytes += kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
    if (kept.length < chunk.length) this.#fail(new Failed('fetch/too-large', 'the answer is longer than it may be'));
    else if (this.#queuedBytes >= queueBytes) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(networkFailure(error, this.#state === 'answered'));
  }

  /** Waits for bytes or the end, and for no longer than the minimum rate allows. */
  async #arrival(): Promise<void> {
    const { minimumBytes, minimumWindowMs } = this.#limits;
    if (this.#windowBytes >= minimumBytes) this.#windowMs = this.#windowBytes = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const slow = new TryAgain(new Failed('fetch/slow', `fewer than ${minimumBytes} bytes in ${minimumWindowMs} ms`));
    const timer = setTimeout(() => this.#fail(slow), minimumWindowMs - this.#windowMs);
    const since = performance.now();
    await promise;
    clearTimeout(timer);
    this.#windowMs += performance.now() - since;
  }

  /** Ends it at once: what lies here unread is dropped. */
  #stop(reason: Error): void {
    if (this.#state === 'over') return;
    this.#chunks.length = 0;
    this.#fail(reason);
  }

  #fail(error: Error): void {
    if (this.#state === 'over') return;
    this.#failure = error;
    this.#head.reject(error);
    this.#finish();
    this.#controller?.abort(error);
  }

  #finish(): void {
    this.#state = 'over';
    this.#stopListening();
    this.#wake();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
