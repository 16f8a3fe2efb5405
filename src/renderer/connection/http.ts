/**
 * The contract over loopback, from a page that the browser host served.
 *
 * A ticket comes in the address's fragment and is traded once for a key; the key stays with this tab, so that a reload works.
 * Lines are read off one long answer; when it ends, a new one is asked for, and begins with the present values.
 */
import type { Transport } from '../../main/contract/wire.ts';

const keyName = 'moult.key';
const firstWaitMs = 250;
const longestWaitMs = 5000;

/** Lets this tab in by the ticket in the address, or the key that it still has. Null: it has neither, or they are good no more. */
export async function connectByHttp(): Promise<Transport | null> {
  const ticket = /^#([\w-]{20,})$/.exec(location.hash)?.[1];
  if (ticket !== undefined) {
    // The ticket is used up: neither history nor a reload shall find it.
    history.replaceState(null, '', location.pathname);
    const key = parseKey(await post('/v1/session', { ticket }, {}));
    if (key !== null) sessionStorage.setItem(keyName, key);
  }
  const key = sessionStorage.getItem(keyName);
  return key === null ? null : transportWith(key);
}

function transportWith(key: string): Transport {
  const authorization = `Bearer ${key}`;
  return {
    ask: async (name, input) => (await post(`/v1/commands/${name}`, input, { authorization })) ?? unreachable,
    watch: (hear) => {
      const stopping = new AbortController();
      void listen({ authorization, hear, signal: stopping.signal });
      return { stop: () => stopping.abort() };
    },
  };
}

const unreachable = { failure: { code: 'disk/busy', detail: 'the application does not answer', retry: 'soon' } };

interface Listening {
  readonly authorization: string;
  readonly signal: AbortSignal;
  hear(line: unknown): void;
}

async function listen({ authorization, signal, hear }: Listening): Promise<void> {
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      const response = await fetch('/v1/topics', { headers: { authorization }, signal });
      if (response.ok && response.body !== null) {
        waitMs = firstWaitMs;
        await readLines(response.body, hear);
      }
    } catch {
      // A connection that ends, however it does, is begun anew.
    }
    if (signal.aborted) return;
    hear(null);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

async function readLines(body: ReadableStream<Uint8Array<ArrayBuffer>>, hear: (line: unknown) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  }
}

/** The answer as JSON; null when the other end refused or is not there. */
async function post(path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<unknown> {
  try {
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(path, init);
    return response.ok ? await response.json() : null;
  } catch {
    // Nobody there.
    return null;
  }
}

function parseKey(answer: unknown): string | null {
  return (answer as { readonly key: string } | null)?.key ?? null;
}
