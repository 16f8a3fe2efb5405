import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../../src/updater/download/bytes.ts';
import type { Environment } from '../../../../src/updater/download/sources/connection.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { newAuthority } from '../../../faults/server/certificates.ts';
import { startProxy } from '../../../faults/server/proxy.ts';
import { startFaultServer, until } from '../../../faults/server/server.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { outcomeOf, quickRemote, someBytes } from '../fixture.ts';

const file = someBytes(5000);
const authority = newAuthority('Known to the client');
const { certificate, key } = authority.issue(['updates.example.test']);

interface Way {
  readonly environment: (proxy: string) => Environment;
  readonly refuse?: number | 'silence';
  readonly base?: string;
}

/** Fetches from a name that only the proxy knows. */
async function fetchThrough({
  environment,
  refuse,
  base = 'https://updates.example.test/files',
}: Way): Promise<{ outcome: unknown; asked: unknown }> {
  await using folder = await tempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, authority.certificate);
  await using server = await startFaultServer({ files: { file }, tls: { cert: certificate, key } });
  await using proxy = await startProxy(server.port, refuse ?? null);
  await using remote = quickRemote([base], { caFile, environment: environment(proxy.url) });
  const outcome = await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob()));
  return { outcome, asked: [...new Set(proxy.asked.map(({ line, authorization }) => `${line} ${authorization ?? ''}`.trim()))] };
}

const connect = 'CONNECT updates.example.test:443';

describe('the proxy of the environment', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('is used for https when %s names it', async (name) => {
    expect(await fetchThrough({ environment: (url) => ({ [name]: url }) })).toEqual({ outcome: file, asked: [connect] });
  });

  it('may be named without a scheme, and with a user', async () => {
    const environment = (url: string): Environment => ({ HTTPS_PROXY: url.replace('http://', 'me:secret@') });
    expect(await fetchThrough({ environment })).toEqual({ outcome: file, asked: [`${connect} Basic bWU6c2VjcmV0`] });
  });

  it('is left alone for hosts that NO_PROXY names', async () => {
    const environment = (url: string): Environment => ({ HTTPS_PROXY: url, NO_PROXY: 'localhost,.example.test' });
    // Without the proxy nobody knows the name.
    expect(await fetchThrough({ environment })).toEqual({ outcome: 'fetch/offline', asked: [] });
  });

  it.each([403, 407, 502])('ends it with a refusal when it answers %i', async (refuse) => {
    const environment = (url: string): Environment => ({ HTTPS_PROXY: url });
    expect(await fetchThrough({ environment, refuse })).toEqual({ outcome: 'fetch/refused', asked: [connect] });
  });

  it('ends it in time when it never answers', async () => {
    const environment = (url: string): Environment => ({ HTTPS_PROXY: url });
    expect(await fetchThrough({ environment, refuse: 'silence' })).toEqual({ outcome: 'fetch/slow', asked: [connect] });
  });

  it('does not lower what TLS demands: a certificate for another host is refused', async () => {
    const environment = (url: string): Environment => ({ HTTPS_PROXY: url });
    expect(await fetchThrough({ environment, base: 'https://other.example.test/files' })).toEqual({
      outcome: 'fetch/tls',
      asked: ['CONNECT other.example.test:443'],
    });
  });

  it('is not kept waiting for when it never answers: its connection is closed', async () => {
    await using proxy = await startProxy(1, 'silence');
    await using remote = quickRemote(['https://updates.example.test/files'], { environment: { HTTPS_PROXY: proxy.url } });
    expect(await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob()))).toBe('fetch/slow');
    await until(() => proxy.openConnections === 0, 2000);
  });

  it('that nothing listens at means offline', async () => {
    expect(await fetchThrough({ environment: () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' }) })).toEqual({
      outcome: 'fetch/offline',
      asked: [],
    });
  });

  it('that is no URL is said at once', () => {
    expect(() => quickRemote(['https://127.0.0.1/'], { environment: { HTTPS_PROXY: 'http://[' } })).toThrow('fetch/refused');
  });
});

describe('a proxy and this machine', () => {
  it('a proxy on this machine is used for this machine too', async () => {
    await using server = await startFaultServer({ files: { file } });
    await using proxy = await startProxy(server.port);
    await using remote = quickRemote([server.url], { environment: { HTTP_PROXY: proxy.url } });
    expect(await fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob())).toEqual(file);
    expect(proxy.asked.map(({ line }) => line)).toEqual([`GET ${server.url}/file`]);
  });

  it('a proxy elsewhere is not: plain http would leave the machine', async () => {
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url], { environment: { HTTP_PROXY: 'http://proxy.example.test:3128' } });
    expect(await fetchBytes(remote, { name: 'file', maxBytes: 10_000 }, quietJob())).toEqual(file);
  });
});
