/** Every file of an installed version, damaged in every way: found, and mended by the least that has to be fetched (S13, R02 for repair comes with the campaign). */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveRepository, type Serving } from '../../../build/release/server/serve.ts';
import { compareTree } from '../../../src/updater/disk/scan.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import type { Results } from '../../../src/updater/engine/process/requests.ts';
import { isSame } from '../../../src/updater/engine/stock.ts';
import { layoutOf } from '../../../src/updater/install/layout.ts';
import { acceptedManifest, listVersions } from '../../../src/updater/install/versions.ts';
import { versionName } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import type { Report } from '../../../src/updater/model/application/health.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher, type Contents, type TestPublisher } from '../../ground/publisher.ts';
import { programLike } from '../engine/binaries.ts';

const job = quietJob();
const shared = programLike(120_000, 0);
const first: Contents = { 'bin/app': { program: shared }, 'old.txt': 'the old text\n', 'lib/deep/a b.txt': 'a\n'.repeat(3000) };
const second: Contents = {
  'bin/app': { program: shared },
  'bin/other': { program: programLike(60_000, 7) },
  'new.txt': 'only in the new version\n'.repeat(400),
  'lib/deep/a b.txt': 'a\n'.repeat(3000),
  empty: '',
  'lib/link': { link: 'deep/a b.txt' },
};

type Damage = readonly [name: string, apply: (path: string) => void, code: string];
const damages: readonly Damage[] = [
  ['a flipped byte', flip, 'file/damaged'],
  ['a truncation', (path) => truncateSync(path, 1), 'file/damaged'],
  ['an empty file', (path) => writeFileSync(path, ''), 'file/damaged'],
  ['a deletion', (path) => rmSync(path), 'file/missing'],
  ['another mode', (path) => chmodSync(path, 0o600), 'file/mode'],
  ['a link in its place', (path) => (rmSync(path), symlinkSync('/etc/passwd', path)), 'file/damaged'],
  ['a folder in its place', (path) => (rmSync(path), mkdirSync(path), writeFileSync(join(path, 'x'), 'x')), 'file/damaged'],
  ['bytes behind its end', (path) => appendFileSync(path, 'more'), 'file/damaged'],
];

describe('a damaged installation', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let publisher: TestPublisher;
  let server: Serving;
  let root: string;

  beforeAll(async () => {
    folder = await tempFolder();
    publisher = await openPublisher(folder.path);
    server = await serveRepository({ repo: publisher.repo });
    await publisher.release('1.0.0', first);
    await publisher.release('1.1.0', second);
    root = join(folder.path, 'root');
  });

  afterAll(async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await rm(root, { recursive: true, force: true });
    const { trustedRoot } = publisher;
    const request = { root, instance: 'default', from: server.url, trustedRoot, product: 'moult', channel: 'stable', version: '1.0.0' };
    await serve({ kind: 'install', ...request }, job);
    await serve({ kind: 'update', root, instance: 'default', from: null, to: null, dryRun: false, withoutPatches: false }, job);
    await serve({ kind: 'switch', root, instance: 'default' }, job);
  });

  const where = (): { root: string; instance: string } => ({ root, instance: 'default' });
  const look = async (): Promise<Report> => (await serve({ kind: 'verify', ...where() }, job)) as Report;
  const mend = async (): Promise<Results['repair']> => (await serve({ kind: 'repair', ...where() }, job)) as Results['repair'];
  const treeFolder = (manifest: Manifest): string => join(layoutOf(root).versions, versionName(manifest.version, manifest.tree.digest));

  async function manifestOf(version: string): Promise<Manifest> {
    const layout = layoutOf(root);
    const record = (await listVersions(layout)).find((each) => each.version === version);
    const manifest = record === undefined ? null : await acceptedManifest(layout, record.treeDigest);
    if (manifest === null) throw new Error(`${version} does not stand`);
    return manifest;
  }

  async function expectMended(manifest: Manifest): Promise<void> {
    expect(isSame(await compareTree(treeFolder(manifest), manifest.tree, job))).toBe(true);
    expect((await look()).findings).toEqual([]);
  }

  it('has nothing to tell while it is whole, and says what it looked at', async () => {
    const report = await look();
    expect(report.findings).toEqual([]);
    expect(report.checked).toContainEqual({ what: 'versions', count: 2 });
    expect(report.checked).toContainEqual({ what: 'files', count: Object.keys(first).length + Object.keys(second).length - 1 });
    expect((await mend()).after).toBeNull();
  });

  it.for(damages)('is found and mended: %s in each file', async ([, apply, code]) => {
    const manifest = await manifestOf('1.1.0');
    const files = manifest.tree.files.filter(({ size }) => size > 1 || code === 'file/missing' || code === 'file/mode');
    for (const { path } of files) apply(join(treeFolder(manifest), path));
    const found = (await look()).findings.filter((finding) => finding.code === code);
    expect(found.map(({ subject }) => (subject.kind === 'file' ? subject.path : '')).toSorted()).toEqual(
      files.map(({ path }) => path).toSorted(),
    );
    const { after } = await mend();
    expect(after?.findings).toEqual([]);
    await expectMended(manifest);
  });

  it('S13 takes away what does not belong there, without following it, and puts links right', async () => {
    const manifest = await manifestOf('1.1.0');
    const tree = treeFolder(manifest);
    const canary = join(folder.path, 'canary');
    mkdirSync(canary, { recursive: true });
    writeFileSync(join(canary, 'alive'), 'yes');
    symlinkSync(canary, join(tree, 'foreign'));
    writeFileSync(join(tree, 'lib', 'extra.js'), 'x');
    rmSync(join(tree, 'lib', 'link'));
    symlinkSync('../../../..', join(tree, 'lib', 'link'));
    const codes = (await look()).findings.map(({ code }) => code);
    expect(codes.toSorted()).toEqual(['file/damaged', 'file/extra', 'file/extra']);
    await mend();
    await expectMended(manifest);
    expect(readFileSync(join(canary, 'alive'), 'utf8')).toBe('yes');
  });

  it('mends a folder that became a link to somewhere else without writing there', async () => {
    const manifest = await manifestOf('1.1.0');
    const elsewhere = join(folder.path, 'elsewhere');
    renameSync(join(treeFolder(manifest), 'lib'), elsewhere);
    symlinkSync(elsewhere, join(treeFolder(manifest), 'lib'));
    const before = await readdir(elsewhere, { recursive: true });
    await mend();
    await expectMended(manifest);
    expect(await readdir(elsewhere, { recursive: true })).toEqual(before);
    rmSync(elsewhere, { recursive: true });
  });

  it('takes contents from the other version, and only the rest, by its frames, from the publisher', async () => {
    const manifest = await manifestOf('1.1.0');
    for (const path of ['bin/app', 'lib/deep/a b.txt', 'new.txt']) flip(join(treeFolder(manifest), path));
    const { done } = await mend();
    expect(done).toEqual([{ fromHere: 2, fetched: 1, fetchedBytes: expect.any(Number) }]);
    const fetchedBytes = done.reduce((sum, each) => sum + (each !== null && 'fetchedBytes' in each ? each.fetchedBytes : 0), 0);
    expect(fetchedBytes).toBeLessThan(manifest.full.size / 2);
    await expectMended(manifest);
  });

  it('does not take a copy that is damaged in the same way', async () => {
    const [old, manifest] = [await manifestOf('1.0.0'), await manifestOf('1.1.0')];
    for (const each of [old, manifest]) flip(join(treeFolder(each), 'bin/app'));
    await mend();
    await expectMended(old);
    await expectMended(manifest);
  });

  it('R08 says what is missing when two versions are damaged and the publisher cannot be reached, and leaves everything as it is', async () => {
    const [old, manifest] = [await manifestOf('1.0.0'), await manifestOf('1.1.0')];
    for (const each of [old, manifest]) flip(join(treeFolder(each), 'bin/app'));
    flip(join(treeFolder(manifest), 'lib/deep/a b.txt'));
    await server.close();
    const { done, after } = await mend();
    server = await serveRepository({ repo: publisher.repo, port: Number(new URL(server.url).port) });
    expect(done.map((each) => (each !== null && 'code' in each ? each.code : each))).toContain('fetch/offline');
    expect(after?.findings.length).toBeGreaterThan(0);
    await mend();
    await expectMended(manifest);
  });

  it("writes a version's record and the launcher's list again", async () => {
    const manifest = await manifestOf('1.1.0');
    const before = readFileSync(`${treeFolder(manifest)}.json`, 'utf8');
    rmSync(`${treeFolder(manifest)}.json`);
    writeFileSync(`${treeFolder(manifest)}.boot`, '# nothing');
    expect((await look()).findings.map(({ code }) => code).toSorted()).toEqual(['boot-list/wrong', 'version/missing']);
    await mend();
    const after = readFileSync(`${treeFolder(manifest)}.json`, 'utf8');
    const withoutTime = (text: string): string => text.replace(/"createdAt":"[^"]*"/, '');
    expect(withoutTime(after)).toBe(withoutTime(before));
    await expectMended(manifest);
  });

  it('builds a version again of which nothing is left', async () => {
    const manifest = await manifestOf('1.1.0');
    rmSync(treeFolder(manifest), { recursive: true });
    await mend();
    await expectMended(manifest);
  });

  it('lets the pointer name a generation again', async () => {
    writeFileSync(join(root, 'instances', 'default', 'current.json'), '{"gen');
    expect((await look()).findings.map(({ code }) => code)).toEqual(['pointer/damaged']);
    const { after } = await mend();
    expect(after?.findings).toEqual([]);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
