/**
 * Where a repository's files come from: web servers and local folders that hold the same files, asked in their order.
 *
 * Which of them is right is for signatures and hashes to say, so a bad one costs time and nothing else.
 */
import { fileURLToPath } from 'node:url';
import { performance } from 'node:perf_hooks';
import { Failed, type FailureCode } from '../model/failure.ts';
import { pathProblem } from '../model/tree.ts';
import { type Patience, type Wait, waitAwake } from './attempts.ts';
import { type Limits, usualLimits } from './limits.ts';
import { openBandwidth } from './sources/bandwidth.ts';
import { type Environment, isLoopback, openConnections } from './sources/connection.ts';
import { folderSource } from './sources/folder.ts';
import type { Source } from './sources/source.ts';
import { type WebTools, webSource } from './sources/web.ts';

export interface RemoteOptions {
  /** Base URLs (https, or http on this machine), `file:` URLs or paths of local folders; at least one. */
  readonly urls: readonly string[];
  readonly userAgent: string;
  readonly caFile?: string;
  /** The only public keys that servers may have, where there are any: SHA-256 of their SubjectPublicKeyInfo. */
  readonly pins?: readonly string[];
  readonly bytesPerSecond?: number | null;
  /** For tests: the numbers, the environment (proxies), time and chance. */
  readonly limits?: Partial<Limits>;
  readonly environment?: Environment;
  readonly wait?: Wait;
  readonly random?: () => number;
}

/** An open remote; disposing it closes its connections. `failed` are the places that could not help, which are asked last from then on. */
export interface Remote {
  readonly sources: readonly Source[];
  readonly failed: Set<Source>;
  readonly patience: Patience;
  /** Bytes of bodies that came over the network so far. */
  receivedBytes(): number;
}

/** Opens a remote, without asking anything yet; throws `fetch/tls` for plain http elsewhere, `fetch/refused` for what is no place to fetch from. */
export function openRemote(options: RemoteOptions): Remote & AsyncDisposable {
  const { wait = waitAwake, random = Math.random, environment = process.env, caFile = null, pins = [] } = options;
  const limits = { ...usualLimits, ...options.limits };
  const places = options.urls.map(placeOf);
  const dispatcher = openConnections({ urls: places.filter((place) => place instanceof URL), caFile, pins, environment, limits });
  const bandwidth = openBandwidth(options.bytesPerSecond ?? null, wait, () => performance.now());
  const tools: WebTools = { dispatcher, bandwidth, limits, userAgent: options.userAgent };
  return {
    sources: places.map((place) => (place instanceof URL ? webSource(place, tools) : folderSource(place))),
    failed: new Set(),
    patience: { limits, wait, random },
    receivedBytes: () => bandwidth.takenBytes(),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** Whether a place to fetch from is a local folder; everything else is somebody's server. */
export function isFolder(text: string): boolean {
  return text.startsWith('file:') || !text.includes('://');
}

/** A web server's URL, or the path of a folder. */
function placeOf(text: string): URL | string {
  if (text.startsWith('file:')) return fileURLToPath(text);
  const url = text.includes('://') ? URL.parse(text) : null;
  if (url === null && !text.includes('://')) return text;
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || !/^https?:$/.test(url.protocol)) throw new Failed('fetch/refused', `${JSON.stringify(text)} is no base URL`);
  if (url.protocol === 'http:' && !isLoopback(url)) throw new Failed('fetch/tls', `${url.origin} is neither https nor this machine`);
  return url;
}

/**
 * Asks one source after the other, those that failed before last, until `use` returns something; null when none did but one could
 * answer. Throws the most telling of their failures when none could.
 */
export async function anySource<T>(remote: Remote, name: string, use: (source: Source) => Promise<T | null>): Promise<T | null> {
  const problem = pathProblem(name);
  if (problem !== null) throw new Failed('fetch/refused', `${JSON.stringify(name.slice(0, 200))} is ${problem}`);
  const failures: Failed[] = [];
  const { sources, failed } = remote;
  let isAbsent = false;
  for (const source of [...sources.filter((one) => !failed.has(one)), ...sources.filter((one) => failed.has(one))]) {
    // One that works says that it is not there: no reason to wait for those that do not.
    if (isAbsent && failed.has(source)) break;
    try {
      const result = await use(source);
      if (result !== null) return result;
      isAbsent = true;
    } catch (error) {
      // A source that cannot help is what the others are for.
      if (!(error instanceof Failed) || !error.code.startsWith('fetch/')) throw error;
      failed.add(source);
      failures.push(error);
    }
  }
  if (isAbsent) return null;
  throw mostTelling(failures);
}

/** From what means least to what means most: that one mirror sleeps matters less than that another one lies. */
const weight: readonly FailureCode[] = ['fetch/offline', 'fetch/slow', 'fetch/refused', 'fetch/tls', 'fetch/too-large', 'fetch/corrupt'];

function mostTelling(failures: readonly Failed[]): Failed {
  const [worst] = failures.toSorted((a, b) => weight.indexOf(b.code) - weight.indexOf(a.code));
  return worst ?? new Failed('fetch/refused', 'there is no place to fetch from');
}
