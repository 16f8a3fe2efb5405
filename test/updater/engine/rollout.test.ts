/** What a publisher can do after a release is out, where else its files may lie, and who may hand them out. */
import { cp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publishOffers, resignTimestamp } from '../../../build/release/metadata/publish.ts';
import { signMetadata } from '../../../build/release/metadata/sign.ts';
import { pauseRelease, promoteRelease, withdrawRelease } from '../../../build/release/publish/change.ts';
import { offersFiles, readDocuments } from '../../../build/release/publish/published.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import type { RequestOf, UpdateResult } from '../../../src/updater/engine/process/requests.ts';
import { listGenerations, stagedGeneration, writeGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher, type TestPublisher } from '../../ground/publisher.ts';
import { verdict } from '../trust/forge.ts';

const job = quietJob();
const channel = 'stable';
const [dayMs, reason] = [86_400_000, 'it eats files'];

describe('after a release is out', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let publisher: TestPublisher;
  let root: string;
  let pristine: string;

  beforeAll(async () => {
    folder = await tempFolder();
    publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { app: 'one' });
    await publisher.release('1.1.0', { app: 'two' });
    await publisher.release('1.2.0', { app: 'three' }, { needs: { updater: '99.0.0', os: null, libc: null, minFrom: null } });
    pristine = join(folder.path, 'pristine');
    await cp(publisher.repo, pristine, { recursive: true });
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  beforeEach(async () => {
    root = join(folder.path, 'root');
    await rm(root, { recursive: true, force: true });
    await rm(publisher.repo, { recursive: true, force: true });
    await cp(pristine, publisher.repo, { recursive: true });
  });

  const publishing = () => ({ repo: publisher.repo, keys: publisher.keys, now: new Date() });
  const withdraw = (version: string) => withdrawRelease({ version, channel: null, target: null, reason }, publishing(), job);

  async function install(version: string | null, from: string | string[] = publisher.repo): Promise<unknown> {
    const { trustedRoot } = publisher;
    return serve({ kind: 'install', root, instance: 'default', from, trustedRoot, product: 'moult', channel, version }, job);
  }

  async function update(fields: Partial<RequestOf<'update'>> = {}): Promise<UpdateResult> {
    const usual = { kind: 'update', root, instance: 'default', from: null, to: null, dryRun: false, withoutPatches: false } as const;
    const result = await serve({ ...usual, ...fields }, job);
    if (!('news' in result)) throw new Error('not the answer to an update');
    return result;
  }

  const instance = () => instanceOf(layoutOf(root), 'default');

  /** Adds a generation that failed, with a tree that stands. */
  async function inventBad(version: string): Promise<void> {
    const [first] = await listGenerations(instance());
    const { failure } = new Failed('start/failed', 'it crashed');
    if (first !== undefined) await writeGeneration(instance(), { ...first, n: 3, version, state: 'bad', failure });
  }

  it('R20 a version that is withdrawn during its download is not installed', async () => {
    await install('1.0.0');
    await using server = await serveSlowly(publisher.repo, async (name) => {
      if (/^(?:patches|packages)\//.test(name)) await withdraw('1.1.0');
    });
    expect(await verdict(update({ from: server.url }))).toBe(`check/no-such-version: 1.1.0 was withdrawn while it was fetched: ${reason}`);
    expect(await stagedGeneration(instance())).toBe(null);
  });

  it('R20 a version that waits for the next start and is withdrawn is never started', async () => {
    await install('1.0.0');
    expect(await update()).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
    await withdraw('1.1.0');
    expect(await update({ dryRun: true })).toMatchObject({ kind: 'none', news: { recalled: null } });
    expect(await stagedGeneration(instance())).toBe(null);
    expect((await listGenerations(instance())).at(-1)).toMatchObject({
      version: '1.1.0',
      state: 'bad',
      failure: { code: 'switch/denied' },
    });
    expect(await serve({ kind: 'switch', root, instance: 'default' }, job)).toMatchObject({ generation: { version: '1.0.0' } });
  });

  it('R20 a version that runs and is withdrawn is offered the way back', async () => {
    await install('1.0.0');
    await update();
    await serve({ kind: 'switch', root, instance: 'default' }, job);
    await withdraw('1.1.0');
    await inventBad('1.0.5');
    const recalled = { version: '1.1.0', reason, back: '1.0.0' };
    expect(await update({ dryRun: true })).toMatchObject({ kind: 'none', current: '1.1.0', news: { recalled } });
    expect(JSON.parse(await readFile(layoutOf(root).checked, 'utf8'))).toMatchObject({ recalled });
    await serve({ kind: 'rollback', root, instance: 'default', to: recalled.back }, job);
    expect(await update({ dryRun: true })).toMatchObject({ kind: 'none', current: '1.0.0', news: { recalled: null } });
  });

  it('A4 a paused offer is not taken, and a first installation says what was passed over', async () => {
    await pauseRelease({ channel, target: null, version: '1.1.0', paused: true }, publishing(), job);
    await withdraw('1.0.0');
    expect(await verdict(install(null))).toMatch(
      /^check\/no-such-version: nothing is offered to this machine: 1\.2\.0: it needs updater 99\.0\.0; 1\.1\.0: it is paused$/,
    );
  });

  it('A4 a first installation finds a version although the rollout of the only one has just begun', async () => {
    await withdraw('1.0.0');
    await promoteRelease({ channel, target: null, version: '1.1.0', rollout: '0' }, publishing(), job);
    expect(await install(null)).toMatchObject({ generation: { version: '1.1.0' } });
  });

  it('A3 what the release key says of needs holds for a version that was asked for by name and is no longer on offer', async () => {
    await install('1.0.0');
    await stopOffering(publisher, '1.2.0');
    expect(await verdict(update({ to: '1.2.0' }))).toBe('check/needs-updater: 1.2.0 does not fit: it needs updater 99.0.0');
  });

  describe('S01 when verification throws', () => {
    const timestamp = 'metadata/timestamp.json';
    const nextRoot = async (): Promise<string> => {
      const { signed }: { signed: { keys: Record<string, { keyval: object }>; version: number } } = JSON.parse(publisher.trustedRoot);
      for (const key of Object.values(signed.keys)) key.keyval = { public: 'not a key' };
      return String(signMetadata({ ...signed, version: 2 }, publisher.keys.root));
    };
    it.each<[string, string, () => string | Promise<string>, RegExp]>([
      ['what is no JSON', timestamp, () => '{"signed":', /^check\/untrusted: /],
      ['a missing field', timestamp, () => '{"signatures":[],"signed":{"_type":"timestamp"}}', /^check\/untrusted: timestamp spec_version/],
      ['a corrupt key', 'metadata/2.root.json', nextRoot, /^check\/untrusted: root is signed by 0 of the 1 keys/],
      ['more than fits into memory', timestamp, () => 'x'.repeat(200 * 1024 ** 2), /^(?:fetch\/too-large|check\/untrusted): /],
      ['a depth of 10,000', timestamp, () => '['.repeat(10_000), /^check\/untrusted: /],
    ])('S01 at %s, the version directory stays as it is', async (...[, name, text, expected]) => {
      await install('1.0.0');
      const contents = async (): Promise<unknown> => [
        (await readdir(layoutOf(root).versions, { recursive: true })).toSorted(),
        await readFile(instance().pointer, 'utf8'),
      ];
      const before = await contents();
      await writeFile(join(publisher.repo, name), await text());
      expect(await verdict(update())).toMatch(expected);
      expect(await contents()).toEqual(before);
    });
  });

  describe('a folder that is somebody’s stick', () => {
    it('is a mirror under the same trust', async () => {
      await install('1.0.0');
      await rename(publisher.repo, join(folder.path, 'stick'));
      expect(await verdict(update())).toMatch(/^(?:check|fetch)\//);
      expect(await update({ from: join(folder.path, 'stick') })).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
      await rm(join(folder.path, 'stick'), { recursive: true });
    });

    it('S08 may hold what has expired, when its user says yes, and the date is shown', async () => {
      await install('1.0.0');
      const signed = new Date(Date.now() - 30 * dayMs);
      await resignTimestamp(publisher.repo, publisher.keys, signed);
      const from = publisher.repo;
      expect(await verdict(update({ from }))).toMatch(/^check\/stale: /);
      const signedAt = `${signed.toISOString().slice(0, 19)}Z`;
      expect(await update({ from, acceptStale: true })).toMatchObject({ kind: 'staged', news: { isStale: true, signedAt } });
    });

    it('S07 may not hold what is older than what was seen, whatever its user says', async () => {
      await withdraw('1.0.0');
      await install('1.1.0');
      expect(await verdict(update({ from: pristine, acceptStale: true }))).toMatch(/^check\/untrusted: timestamp goes back/);
    });

    it('S08 a server may never hand out what has expired', async () => {
      await install('1.0.0');
      expect(await verdict(update({ acceptStale: true }))).toMatch(/^usage\/wrong: only a folder/);
      expect(await verdict(update({ from: 'https://127.0.0.1:1/', acceptStale: true }))).toMatch(/^usage\/wrong: only a folder/);
    });
  });

  describe('several places', () => {
    it.each([
      ['lies about the timestamp', 'metadata/timestamp.json'],
      ['lies about the newest targets', 'metadata/4.targets.json'],
      ['invents a root', 'metadata/2.root.json'],
    ])('S03 a first one that %s costs time and never trust', async (_what, name) => {
      const liar = join(folder.path, 'liar');
      await cp(publisher.repo, liar, { recursive: true });
      await writeFile(join(liar, name), '{"signatures":[],"signed":{}}');
      expect(await install('1.0.0', [liar, publisher.repo])).toMatchObject({ generation: { version: '1.0.0' } });
      expect(await update()).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
      await rm(liar, { recursive: true });
    });

    it('S09 a first one with a false manifest costs time and never trust', async () => {
      const liar = join(folder.path, 'liar');
      await cp(publisher.repo, liar, { recursive: true });
      for (const name of await readdir(join(liar, 'manifests'))) await writeFile(join(liar, 'manifests', name), '{}');
      expect(await install('1.0.0', [liar, publisher.repo])).toMatchObject({ generation: { version: '1.0.0' } });
      await rm(liar, { recursive: true });
    });

    it('are remembered in their order, and all of them may lie without harm', async () => {
      await install('1.0.0', [publisher.repo, pristine]);
      expect(JSON.parse(await readFile(layoutOf(root).source, 'utf8'))).toMatchObject({ urls: [publisher.repo, pristine] });
      for (const repo of [publisher.repo, pristine])
        await rename(join(repo, 'metadata/timestamp.json'), join(repo, 'metadata/hidden.json'));
      for (const repo of [publisher.repo, pristine]) await writeFile(join(repo, 'metadata/timestamp.json'), '{}');
      expect(await verdict(update())).toMatch(/^check\/untrusted: /);
      await rename(join(pristine, 'metadata/hidden.json'), join(pristine, 'metadata/timestamp.json'));
    });
  });
});

/** Takes a version off the offers without withdrawing it, as when newer ones have pushed it out. */
async function stopOffering({ repo, keys }: TestPublisher, version: string): Promise<void> {
  const { offers } = await readDocuments(repo);
  const fewer = offers.map((each) => ({ ...each, offers: each.offers.filter((offer) => offer.version !== version) }));
  await publishOffers(repo, keys, { files: offersFiles(fewer), now: new Date() });
}

/** A server for a folder that calls somebody before it answers. */
async function serveSlowly(repo: string, before: (name: string) => Promise<void>): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const answer = async (): Promise<void> => {
      await before(name);
      const bytes = await readFile(join(repo, name)).catch(() => null);
      response.writeHead(bytes === null ? 404 : 200, { connection: 'close' }).end(bytes);
    };
    void answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
