/** The ways in which a network and its servers go wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import { plain } from './answer.ts';
import type { Fault, Turn } from './server.ts';

/** Only the answers with these numbers (from 0) go wrong. */
export function only(numbers: readonly number[], fault: Fault): Fault {
  return (turn) => (numbers.includes(turn.n) ? fault(turn) : turn.answer);
}

/** Only answers to requests for a range go wrong. */
export function ranged(fault: Fault): Fault {
  return (turn) => (turn.request.headers['range'] === undefined ? turn.answer : fault(turn));
}

/** Every proper answer with other headers; undefined takes one away. */
export function withHeaders(change: (answer: Answer) => Readonly<Record<string, string | undefined>>): Fault {
  return ({ answer }) => {
    const entries = Object.entries({ ...answer.headers, ...change(answer) }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return { ...answer, headers: Object.fromEntries(entries) };
  };
}

/** Another answer instead. */
export function replaced(status: number, headers: Readonly<Record<string, string>> = {}): Fault {
  return () => plain(status, 'an error page', headers);
}

/** The body ends after so many bytes, as when a cable is pulled gently (`end`) or a middlebox resets the connection (`reset`). */
export function cutAfter(bytes: number, how: 'end' | 'reset' = 'end'): Fault {
  return async ({ answer, send, socket }) => {
    await send({ ...answer, body: answer.body.subarray(0, bytes) });
    if (how === 'reset') socket.resetAndDestroy();
    else socket.end();
    return null;
  };
}

/** One byte of the body is another one. */
export function corrupted(at: number): Fault {
  return ({ answer }) => {
    const body = Uint8Array.from(answer.body);
    body[at] = (body[at] ?? 0) ^ 1;
    return { ...answer, body };
  };
}

/** The connection is closed, or reset, instead of an answer. */
export function hungUp(how: 'end' | 'reset'): Fault {
  return ({ socket }) => {
    if (how === 'reset') socket.resetAndDestroy();
    else socket.end();
    return null;
  };
}

/** Nothing comes at all. */
export const silent: Fault = () => null;

/** The body stops after so many bytes and the connection stays. */
export function stallAfter(bytes: number): Fault {
  return async ({ answer, send }) => {
    await send({ ...answer, body: answer.body.subarray(0, bytes) });
    return null;
  };
}

/** The headers come one byte at a time. */
export const slowHeaders: Fault = async ({ socket }) => {
  for (const letter of `HTTP/1.1 200 OK\r\nX-Slow: ${'x'.repeat(10_000)}`) {
    if (socket.destroyed) break;
    socket.write(letter);
    await sleep(10);
  }
  return null;
};

/** The body comes some bytes at a time. */
export function slowBody(bytes: number, everyMs: number): Fault {
  return async ({ answer, send, write, socket }) => {
    await send({ ...answer, body: new Uint8Array() });
    for (let at = 0; at < answer.body.length && !socket.destroyed; at += bytes) {
      await write(answer.body.subarray(at, at + bytes));
      await sleep(everyMs);
    }
    return null;
  };
}

/** Bytes that are no HTTP. */
export function garbage(text: string): Fault {
  return ({ socket }) => {
    socket.end(text);
    return null;
  };
}

/** Something is repeated for as long as the client listens. */
export function endless(head: (turn: Turn) => string, piece: Uint8Array | string): Fault {
  return async (turn) => {
    turn.socket.write(head(turn));
    while (!turn.socket.destroyed) {
      await turn.write(piece);
      // The client lives in the same process and wants its turn.
      await sleep(1);
    }
    return null;
  };
}

/** Chunks of a body without an end. */
export const chunk = `10000\r\n${'\u0001'.repeat(0x10000)}\r\n`;
