import { hash, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../../src/updater/download/bytes.ts';
import { failureOf } from '../../../../src/updater/model/failure.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { newAuthority } from '../../../faults/server/certificates.ts';
import * as faults from '../../../faults/server/faults.ts';
import { type Fault, startFaultServer } from '../../../faults/server/server.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { outcomeOf, quickRemote, someBytes } from '../fixture.ts';

const file = someBytes(5000);
const known = newAuthority('Known to the client');
const stranger = newAuthority('A stranger');

interface Server {
  readonly hosts?: readonly string[];
  readonly days?: { readonly from: number; readonly until: number };
  readonly by?: typeof known;
  readonly maxVersion?: 'TLSv1.2';
  readonly fault?: Fault;
  /** Which public keys the client insists on: the server's own, another one, both. */
  readonly pins?: readonly ('its own' | 'another')[];
}

async function fetchFrom(
  server: Server,
  base?: (port: number) => string,
): Promise<{ outcome: unknown; requests: number; bytesSent: number }> {
  await using folder = await tempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, known.certificate);
  const { certificate, key } = (server.by ?? known).issue(server.hosts ?? ['localhost', '127.0.0.1'], server.days);
  const tls = { cert: certificate, key, ...(server.maxVersion === undefined ? {} : { maxVersion: server.maxVersion }) };
  await using running = await startFaultServer({ files: { file }, tls, ...(server.fault === undefined ? {} : { fault: server.fault }) });
  const pins = (server.pins ?? []).map((pin) => (pin === 'another' ? 'f'.repeat(64) : keyDigest(certificate)));
  await using remote = quickRemote([base === undefined ? running.url : base(running.port)], { caFile, pins });
  const outcome = await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob()));
  return { outcome, requests: running.requests.length, bytesSent: running.bytesSent };
}

/** The SHA-256 of a certificate's SubjectPublicKeyInfo, as `openssl x509 -pubkey … | openssl pkey -pubin -outform der | sha256sum` prints it. */
function keyDigest(certificate: string): string {
  return hash('sha256', new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }));
}

const refused = { outcome: 'fetch/tls', requests: 0, bytesSent: 0 };

describe('S04 who may answer', () => {
  it('S04 a server with a good certificate is asked over TLS 1.3', async () => {
    expect(await fetchFrom({})).toEqual({ outcome: file, requests: 1, bytesSent: 5000 });
    expect(await fetchFrom({}, (port) => `https://localhost:${port}/files/`)).toEqual({ outcome: file, requests: 1, bytesSent: 5000 });
  });

  it('S04 a server that only speaks TLS 1.2 is refused', async () => {
    expect(await fetchFrom({ maxVersion: 'TLSv1.2' })).toEqual(refused);
  });

  it('S04 a certificate for another host is refused', async () => {
    expect(await fetchFrom({ hosts: ['updates.example.test', '127.0.0.2'] })).toEqual(refused);
  });

  it('S04 a certificate of an unknown authority is refused', async () => {
    expect(await fetchFrom({ by: stranger })).toEqual(refused);
  });

  it('S04 an expired certificate is refused', async () => {
    expect(await fetchFrom({ days: { from: -20, until: -1 } })).toEqual(refused);
  });

  it('S04 a certificate of tomorrow is refused', async () => {
    expect(await fetchFrom({ days: { from: 1, until: 20 } })).toEqual(refused);
  });

  it('S04 a server whose public key is pinned is asked, also when another key is pinned beside it', async () => {
    expect(await fetchFrom({ pins: ['its own'] })).toEqual({ outcome: file, requests: 1, bytesSent: 5000 });
    expect(await fetchFrom({ pins: ['another', 'its own'] })).toEqual({ outcome: file, requests: 1, bytesSent: 5000 });
  });

  it('S04 a server with another public key than the pinned one is refused, however good its certificate', async () => {
    expect(await fetchFrom({ pins: ['another'] })).toEqual(refused);
  });

  it('S04 a pinned key does not make up for a wrong name, authority or date', async () => {
    expect(await fetchFrom({ pins: ['its own'], hosts: ['updates.example.test'] })).toEqual(refused);
    expect(await fetchFrom({ pins: ['its own'], by: stranger })).toEqual(refused);
    expect(await fetchFrom({ pins: ['its own'], days: { from: -20, until: -1 } })).toEqual(refused);
  });

  it('S04 the environment cannot switch the check off', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await fetchFrom({ by: stranger })).toEqual(refused);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('S04 a certificate is checked on every connection, not only on the first', async () => {
    // A client that resumes a session would not look at the second server's name.
    await using folder = await tempFolder();
    const caFile = join(folder.path, 'ca.pem');
    await writeFile(caFile, known.certificate);
    const good = known.issue(['127.0.0.1']);
    await using server = await startFaultServer({
      files: { file },
      tls: { cert: good.certificate, key: good.key },
      fault: faults.only([0], faults.cutAfter(100)),
    });
    await using remote = quickRemote([server.url, server.url.replace('127.0.0.1', 'localhost')], { caFile });
    expect(await fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob())).toEqual(file);
    remote.failed.add(remote.sources[0] ?? expect.fail());
    expect(await outcomeOf(fetchBytes(remote, { name: 'other', maxBytes: 10_000 }, quietJob()))).toBe(null);
    await using other = quickRemote([server.url.replace('127.0.0.1', 'localhost')], { caFile });
    expect(await outcomeOf(fetchBytes(other, { name: 'file', maxBytes: 10_000 }, quietJob()))).toBe('fetch/tls');
  });

  it('a file with authorities that is missing or is no certificate is said at once', async () => {
    await using folder = await tempFolder();
    const caFile = join(folder.path, 'ca.pem');
    expect(() => quickRemote(['https://127.0.0.1/'], { caFile })).toThrow('fetch/tls');
    await writeFile(caFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(() => quickRemote(['https://127.0.0.1/'], { caFile })).toThrow('fetch/tls');
  });
});

describe('S04 where an answer may come from', () => {
  it.each([300, 301, 302, 303, 304, 305, 307, 308, 399])('S04 a redirect with status %i is refused', async (status) => {
    await using elsewhere = await startFaultServer({ files: { file } });
    await using server = await startFaultServer({ files: { file }, fault: faults.replaced(status, { Location: `${elsewhere.url}/file` }) });
    await using remote = quickRemote([server.url]);
    expect(await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob()))).toBe('fetch/refused');
    expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
  });

  it.each(['http://127.0.0.1:1', 'http://127.8.9.10', 'http://localhost/x', 'http://[::1]:8080/x'])(
    'S04 plain http is for this machine: %s',
    async (url) => {
      await using remote = quickRemote([url]);
      expect(remote.sources.map(({ label }) => label)).toEqual([new URL(url).href]);
    },
  );

  it.each(['http://example.com', 'http://10.0.0.1/x', 'http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://[::2]/'])(
    'S04 plain http elsewhere is refused: %s',
    (url) => {
      expect(codeThrownBy(() => quickRemote([url]))).toBe('fetch/tls');
    },
  );

  it.each([
    'ftp://127.0.0.1/',
    'https://',
    'https://me:secret@127.0.0.1/',
    'https://127.0.0.1/?x=1',
    'https://127.0.0.1/#x',
    'javascript://x',
  ])('what is no base URL is refused: %s', (url) => {
    expect(codeThrownBy(() => quickRemote([url]))).toBe('fetch/refused');
  });
});

function codeThrownBy(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    // The failure is what is being tested.
    return failureOf(error).code;
  }
}
