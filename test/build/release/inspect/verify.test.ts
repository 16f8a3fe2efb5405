import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expiryFindings, examineRepository } from '../../../../build/release/inspect/doctor.ts';
import { verifyRepository, type VerifyOptions, type Verdict } from '../../../../build/release/inspect/verify.ts';
import { publish } from '../../../../build/release/metadata/publish.ts';
import { readDocuments } from '../../../../build/release/publish/published.ts';
import { serveRepository } from '../../../../build/release/server/serve.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { newAuthority } from '../../../faults/server/certificates.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { noise, workbench, type Workbench } from '../workbench.ts';

const job = quietJob();
const days = (count: number, from: Date): Date => new Date(from.getTime() + count * 86_400_000);

/** Two published versions with a patch between them: a copy of the same repository for each test. */
interface Published extends AsyncDisposable, Pick<Workbench, 'path' | 'repo' | 'keys' | 'now' | 'build'> {
  readonly patch: string;
  readonly full: string;
}

let original: Workbench;
let names: { readonly full: string; readonly patch: string };

beforeAll(async () => {
  original = await workbench();
  await original.build('1.0.0', { a: noise(3, 30_000) });
  await original.publish();
  const { full, patches } = await original.build('1.0.1', { a: Buffer.concat([noise(3, 30_000), Buffer.from('more')]) });
  await original.publish();
  names = { full: full.url, patch: patches[0]?.url ?? '' };
});
afterAll(() => original[Symbol.asyncDispose]());

async function published(): Promise<Published> {
  const { path, [Symbol.asyncDispose]: dispose } = await tempFolder();
  const repo = join(path, 'repo');
  await cp(original.repo, repo, { recursive: true });
  const { keys, now } = original;
  const build: Workbench['build'] = (version, contents) => original.build(version, contents, { repo });
  return { path, repo, keys, now, build, full: join(repo, names.full), patch: join(repo, names.patch), [Symbol.asyncDispose]: dispose };
}

function verify(bench: Pick<Workbench, 'repo' | 'now'>, options: Partial<VerifyOptions> = {}): Promise<Verdict> {
  return verifyRepository({ source: bench.repo, trustedRoot: null, depth: 'bytes', now: bench.now, only: null, ...options }, job);
}

test('every published version is looked at, from a folder or over the network, as closely as asked', async () => {
  await using bench = await published();
  await using server = await serveRepository({ repo: bench.repo });
  const verdicts = [
    await verify(bench),
    await verify(bench, { source: server.url, depth: 'headers' }),
    await verify(bench, { source: server.url, depth: 'trees' }),
  ];
  expect(
    verdicts.map(({ problems, versions }) => ({ problems, versions: versions.map(({ version, files }) => [version, files]) })),
  ).toEqual(
    verdicts.map(() => ({
      problems: [],
      versions: [
        ['1.0.1', 2],
        ['1.0.0', 1],
      ],
    })),
  );
});

test('a server with a certificate of its own is believed with that certificate only', async () => {
  await using bench = await published();
  const authority = newAuthority('Somebody');
  const { certificate: cert, key } = authority.issue(['127.0.0.1']);
  const caFile = join(bench.path, 'ca.pem');
  await writeFile(caFile, authority.certificate);
  await using server = await serveRepository({ repo: bench.repo, tls: { cert, key } });
  expect((await verify(bench, { source: server.url, depth: 'headers', caFile })).problems).toEqual([]);
  await expect(verify(bench, { source: server.url, depth: 'headers' })).rejects.toMatchObject({ code: 'fetch/tls' });
});

test('what clients would refuse is found, and one bad version does not hide another', async () => {
  await using bench = await published();
  const patch = await readFile(bench.patch);
  patch[patch.length - 1] = (patch.at(-1) ?? 0) ^ 1;
  await writeFile(bench.patch, patch);
  const { problems, versions } = await verify(bench);
  expect(problems).toMatchObject([{ what: 'linux-x64 1.0.1', failure: { code: 'fetch/corrupt' } }]);
  expect(versions.map(({ version }) => version)).toEqual(['1.0.0']);
  await rm(bench.full);
  expect((await verify(bench, { depth: 'headers' })).problems).toMatchObject([{ what: 'linux-x64 1.0.1' }]);
});

test('S31 a root that the repository does not come from, and signatures that have ended, are refused', async () => {
  await using bench = await published();
  await using other = await workbench();
  const trustedRoot = await readFile(join(other.repo, 'metadata', '1.root.json'));
  await expect(verify(bench, { trustedRoot })).rejects.toMatchObject({ code: 'check/untrusted' });
  await expect(verify(bench, { now: days(8, bench.now) })).rejects.toMatchObject({ code: 'check/stale' });
});

test('an offer of something that was never released is found', async () => {
  await using bench = await published();
  const [offers] = (await readDocuments(bench.repo)).offers;
  const forged = { ...offers, offers: offers?.offers.map((offer) => ({ ...offer, manifest: { sha256: 'a'.repeat(64), size: 1 } })) };
  await publish(bench.repo, bench.keys, {
    channels: { 'offers/stable/linux-x64.json': Buffer.from(JSON.stringify(forged)) },
    now: bench.now,
  });
  expect((await verify(bench)).problems).toMatchObject([{ what: 'offers/stable/linux-x64.json', failure: { code: 'check/untrusted' } }]);
});

test('a folder without a repository is said to be one', async () => {
  await using bench = await workbench();
  await expect(verify(bench, { source: join(bench.path, 'nothing') })).rejects.toMatchObject({
    code: expect.stringMatching(/^(check|fetch)\//),
  });
});

test('the doctor warns weeks before a signature ends, and calls it an error when it has', async () => {
  await using bench = await published();
  const { expires, findings } = await examineRepository(bench.repo, bench.now);
  expect(findings).toEqual([]);
  const levels = (after: number): readonly string[] =>
    expiryFindings(expires, days(after, bench.now)).map(({ level, what }) => `${level} ${what.split(' ')[0] ?? ''}`);
  expect([levels(5), levels(20), levels(330), levels(1020)]).toEqual([
    ['warning timestamp'],
    ['error timestamp', 'warning snapshot', 'warning channels'],
    ['error timestamp', 'error snapshot', 'error channels', 'warning targets'],
    ['error timestamp', 'error snapshot', 'error channels', 'error targets', 'warning root'],
  ]);
});

test('the doctor finds what is missing, what waits, and what may be deleted', async () => {
  await using bench = await published();
  await bench.build('1.1.0', { a: 'waiting' });
  const stray = join(bench.repo, 'packages', 'linux-x64', 'stray.patch');
  await writeFile(stray, 'stray');
  await rm(bench.patch);
  await truncate(bench.full, 7);
  const now = days(1, new Date());
  const report = await examineRepository(bench.repo, now);
  const broken = report.findings.filter(({ what }) => what.includes(' of 1.0.1 '));
  expect(broken.map(({ level, what }) => `${level} ${what.replace(/[0-9a-f]{64}/, '…')}`)).toEqual([
    expect.stringMatching(/^error packages\/linux-x64\/…\.patch of 1\.0\.1 has 7 bytes instead of \d+$/),
    'error patches/linux-x64/1.0.0..1.0.1.patch of 1.0.1 is missing',
  ]);
  expect({ waiting: report.waiting, unpublished: report.unpublished }).toEqual({
    waiting: ['1.1.0 linux-x64'],
    unpublished: { files: 1, bytes: 5, old: [] },
  });
  expect((await examineRepository(bench.repo, days(31, new Date()))).unpublished.old).toEqual(['packages/linux-x64/stray.patch']);
  expect(report.bytes['packages']).toBeGreaterThan(30_000);
});
