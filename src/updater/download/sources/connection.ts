/** How we connect: TLS 1.3 with the system's authorities, through the proxy that the environment names, HTTP/1.1 only. */
import { hash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { Failed } from '../../model/failure.ts';
import type { Limits } from '../limits.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionOptions {
  readonly urls: readonly URL[];
  /** A PEM file with further certificate authorities. */
  readonly caFile: string | null;
  /** The only public keys that a server may have (SHA-256 of its SubjectPublicKeyInfo); any, where there are none. */
  readonly pins: readonly string[];
  readonly environment: Environment;
  readonly limits: Limits;
}

/** Returns the dispatcher that all requests go through; throws `fetch/tls` or `fetch/refused` when the CA file or the proxy's URL is of no use. */
export function openConnections(options: ConnectionOptions): Dispatcher {
  const { urls, limits } = options;
  const connect = {
    timeout: limits.connectMs,
    // Only with one request per connection does an abort close the socket.
    allowH2: false,
    // A resumed TLS session would not be checked against the host name again.
    maxCachedSessions: 0,
    // NODE_TLS_REJECT_UNAUTHORIZED must not reach us.
    rejectUnauthorized: true,
    ...(urls.some(({ protocol }) => protocol === 'https:') ? { secureContext: secureContext(options.caFile) } : {}),
  };
  const pinned = { ...connect, checkServerIdentity: pinCheck(options.pins) };
  return new EnvHttpProxyAgent({
    ...proxies(options),
    connect: pinned,
    requestTls: pinned,
    proxyTls: connect,
    connectTimeout: limits.connectMs,
    allowH2: false,
    maxCachedSessions: 0,
    // The exchange has its own, exact times.
    headersTimeout: 0,
    bodyTimeout: 0,
    // The connection to the proxy itself: how long its answer to CONNECT may take.
    clientFactory: (origin, poolOptions) => new Pool(origin, { ...poolOptions, headersTimeout: limits.answerMs }),
  });
}

/** Node's own check of the name and then, where there are pins, of the server's key; the chain of certificates was verified before. */
function pinCheck(pins: readonly string[]): typeof tls.checkServerIdentity {
  return (host, certificate) => {
    const wrong = tls.checkServerIdentity(host, certificate);
    if (wrong !== undefined || pins.length === 0) return wrong;
    const key = new X509Certificate(certificate.raw).publicKey.export({ type: 'spki', format: 'der' });
    if (pins.includes(hash('sha256', key))) return undefined;
    return Object.assign(new Error(`${host} has another public key than those that are pinned`), { code: 'CERT_PIN_MISMATCH' });
  };
}

/** Whether a URL's host is this machine, by its name alone. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

/** Made once: reading some hundred authorities takes 50 ms. */
function secureContext(caFile: string | null): tls.SecureContext {
  const system = tls.getCACertificates('system');
  const usual = [...(system.length > 0 ? system : tls.getCACertificates('bundled')), ...tls.getCACertificates('extra')];
  const ca = caFile === null ? usual : [...usual, ...authoritiesIn(caFile)];
  return tls.createSecureContext({ ca, minVersion: 'TLSv1.3' });
}

/** OpenSSL passes over what it cannot read; whoever names a file wants to hear that it is of no use. */
function authoritiesIn(caFile: string): readonly string[] {
  try {
    const blocks = readFileSync(caFile, 'utf8').match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
    if (blocks.length === 0) throw new Error('it holds no certificate');
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch (error) {
    // Whatever is wrong with it, there is no safe connection.
    throw new Failed('fetch/tls', `certificate authorities in ${caFile}: ${String(error)}`, { cause: error });
  }
}

/**
 * The proxies of the environment, for undici. This machine itself is never asked through a proxy elsewhere: that one would reach
 * another machine, and plain HTTP would leave ours.
 */
function proxies({ urls, environment }: ConnectionOptions): { httpProxy: string; httpsProxy: string; noProxy: string } {
  const httpProxy = proxyUrl(environment['http_proxy'] ?? environment['HTTP_PROXY']);
  const httpsProxy = proxyUrl(environment['https_proxy'] ?? environment['HTTPS_PROXY']);
  const noProxy = [environment['no_proxy'] ?? environment['NO_PROXY'] ?? ''];
  const elsewhere = [httpProxy, httpsProxy].some((proxy) => proxy !== null && !isLoopback(proxy));
  if (elsewhere) noProxy.push(...urls.filter(isLoopback).map(({ hostname }) => hostname));
  return { httpProxy: httpProxy?.href ?? '', httpsProxy: httpsProxy?.href ?? '', noProxy: noProxy.join(',') };
}

/** `proxy:3128` without a scheme is common, and means plain HTTP to the proxy. */
function proxyUrl(text: string | undefined): URL | null {
  if (text === undefined || text.trim() === '') return null;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null) throw new Failed('fetch/refused', 'the proxy in the environment is not a URL');
  return url;
}
