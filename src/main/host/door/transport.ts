/** The other end of a door, for commands: asks over HTTP with a key that it was given. */
import { z } from 'zod';
import { Failed, failureOf } from '../../../updater/model/failure.ts';

/** A door's address, and a key to it. */
export interface Entrance {
  readonly url: string;
  readonly key: string;
}

/** Whether somebody behind this door accepts the key. */
export async function isOpen({ url, key }: Entrance): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(`${url}/v1/topics`, { headers: { authorization: `Bearer ${key}` }, signal, redirect: 'error' });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    // The question itself: where nobody listens any more, fetch throws.
    return false;
  }
}

/** The longest that a command waits for its answer: a repair or a snapshot of large data takes its time. */
const longestMs = 30 * 60_000;

/** Sends a command and returns whatever came back; throws `disk/busy` when nobody answers, or not as a door does. */
export async function askDoor({ url, key }: Entrance, name: string, input: unknown): Promise<unknown> {
  const headers = { origin: url, authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  try {
    const signal = AbortSignal.timeout(longestMs);
    const response = await fetch(`${url}/v1/commands/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
      signal,
      redirect: 'error',
    });
    if (response.status === 200) return z.unknown().parse(await response.json());
    throw new Failed('disk/busy', `the program that runs here answered with ${response.status}`);
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw new Failed('disk/busy', `the program that runs here does not answer: ${failureOf(error).detail}`, { cause: error });
  }
}
