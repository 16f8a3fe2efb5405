import { chmod, cp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeys, openKeys } from '../../../../build/release/metadata/keys.ts';
import { pauseRelease, promoteRelease, withdrawRelease, type Publisher } from '../../../../build/release/publish/change.ts';
import { publishRelease } from '../../../../build/release/publish/publish.ts';
import { readDocuments } from '../../../../build/release/publish/published.ts';
import { renewOnline } from '../../../../build/release/publish/renew.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { noise, workbench, type Workbench } from '../workbench.ts';

const job = quietJob();
const tree = (text: string): Record<string, string> => ({ 'read me.txt': text });

/** What a channel offers now: version, paused or not, and the last share of its ramp. */
async function offered(bench: Workbench, channel = 'stable'): Promise<readonly (readonly [string, boolean, number | undefined])[]> {
  const { offers } = await readDocuments(bench.repo);
  const here = offers.find((each) => each.channel === channel);
  return here?.offers.map(({ version, paused, ramp }) => [version, paused, ramp.at(-1)?.percent] as const) ?? [];
}

/** A machine that can stop a rollout at night: without root and release keys. */
async function onlineOnly(bench: Workbench): Promise<Publisher> {
  const folder = join(bench.path, 'online');
  await cp(bench.keysFolder, folder, { recursive: true });
  for (const name of (await readdir(folder)).filter((each) => /^(root|targets)/.test(each))) await rm(join(folder, name));
  return { repo: bench.repo, keys: await openKeys(folder), now: new Date(bench.now.getTime() + 60_000) };
}

async function filesIn(repo: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(repo, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'lock.db') files[path.slice(repo.length)] = (await readFile(path)).toString('base64');
  }
  return files;
}

describe('publish', () => {
  test('what is built exists for nobody until it is published, and then in the list and on offer', async () => {
    await using bench = await workbench();
    const { staged } = await bench.build('1.0.0', tree('one'));
    expect((await readDocuments(bench.repo)).lists.size).toBe(0);
    await bench.publish({ rollout: '10,100@24h' });
    const { lists } = await readDocuments(bench.repo);
    const { version, treeDigest, manifest } = staged;
    expect(lists.get('linux-x64')?.releases).toEqual([{ version, treeDigest, manifest }]);
    expect(await offered(bench)).toEqual([['1.0.0', false, 100]]);
    expect(await readdir(join(bench.repo, 'staging', 'linux-x64'))).toEqual([]);
  });

  test('S31 a version that is not greater than the last is refused and nothing changes', async () => {
    await using bench = await workbench();
    await bench.build('1.1.0', tree('one'));
    await bench.publish();
    for (const version of ['1.0.9', '1.1.0-rc.1', '1.1.0+build.2']) {
      await bench.build(version, tree(version));
      const before = await filesIn(bench.repo);
      await expect(bench.publish()).rejects.toMatchObject({
        code: 'usage/wrong',
        message: expect.stringContaining('not greater than 1.1.0'),
      });
      expect(await filesIn(bench.repo)).toEqual(before);
      await rm(join(bench.repo, 'staging', 'linux-x64', `${version}.json`));
    }
    await expect(bench.build('1.1.0', tree('another'))).rejects.toMatchObject({ code: 'usage/wrong' });
    expect(await offered(bench)).toEqual([['1.1.0', false, 100]]);
  });

  test('the record that a killed publication left behind does not stop the next one', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'));
    const record = join(bench.repo, 'staging', 'linux-x64', '1.0.0.json');
    const left = await readFile(record);
    await bench.publish();
    await writeFile(record, left);
    await bench.build('1.0.1', tree('two'));
    await bench.publish();
    expect((await offered(bench)).map(([version]) => version)).toEqual(['1.0.1', '1.0.0']);
  });

  test('S31 a release that clients would refuse is not published', async () => {
    await using bench = await workbench();
    const { full, staged } = await bench.build('1.0.0', { a: noise(1, 5000) });
    const path = join(bench.repo, full.url);
    const good = await readFile(path);
    const bad = Buffer.from(good);
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
    const manifest = join(bench.repo, 'manifests', `${staged.manifest.sha256}.json`);
    const damages = [
      () => writeFile(path, bad),
      () => writeFile(path, good.subarray(0, -1)),
      () => rm(path),
      () => writeFile(path, good).then(() => writeFile(manifest, '{}')),
    ];
    for (const damage of damages) {
      await damage();
      const before = await filesIn(bench.repo);
      await expect(bench.publish()).rejects.toMatchObject({ code: expect.stringMatching(/^(fetch|state)\//) });
      expect(await filesIn(bench.repo)).toEqual(before);
    }
  });

  test('S31 keys that others may read are refused', async () => {
    await using bench = await workbench();
    const [key = ''] = await readdir(bench.keysFolder);
    expect((await stat(join(bench.keysFolder, key))).mode & 0o777).toBe(0o600);
    await chmod(join(bench.keysFolder, key), 0o640);
    await expect(openKeys(bench.keysFolder)).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  test('keys that the root does not name publish nothing', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'));
    await createKeys(join(bench.path, 'others'), 'solo');
    const keys = await openKeys(join(bench.path, 'others'));
    const before = await filesIn(bench.repo);
    const what = { channel: 'stable', rollout: '100', version: null, target: null };
    await expect(publishRelease(what, { repo: bench.repo, keys, now: bench.now }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    expect((await readDocuments(bench.repo)).lists.size).toBe(0);
    expect(Object.keys(await filesIn(bench.repo))).toEqual(expect.arrayContaining(Object.keys(before)));
  });

  test('no published file ever changes, the timestamp apart', async () => {
    await using bench = await workbench();
    const big = noise(2, 60_000);
    await bench.build('1.0.0', { big });
    await bench.publish();
    const before = await filesIn(bench.repo);
    await bench.build('1.0.1', { big, more: 'more' });
    await bench.build('1.0.2', { big }, { level: 19 });
    await bench.publish();
    await promoteRelease({ channel: 'stable', target: null, version: null, rollout: '100' }, await onlineOnly(bench), job);
    const after = await filesIn(bench.repo);
    const changed = Object.keys(before).filter((name) => after[name] !== before[name]);
    expect(changed).toEqual(['/metadata/timestamp.json']);
  });

  test('two platforms have their own versions, one product has the repository', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('linux'));
    await bench.build('2.0.0', tree('windows'), { platform: 'win' });
    await bench.publish();
    expect([...(await readDocuments(bench.repo)).lists.keys()].toSorted()).toEqual(['linux-x64', 'win-x64']);
    await bench.build('3.0.0', tree('other'), { product: 'other' });
    await expect(bench.publish()).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  test('publishers who work at the same time do not lose what the other did', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'));
    await bench.build('1.0.0', tree('windows'), { platform: 'win' });
    await Promise.all(['linux-x64', 'win-x64'].map((target) => bench.publish({ target })));
    expect([...(await readDocuments(bench.repo)).lists.keys()].toSorted()).toEqual(['linux-x64', 'win-x64']);
    const publisher = await onlineOnly(bench);
    const here = { channel: 'stable', version: '1.0.0' };
    const promoting = promoteRelease({ ...here, target: 'linux-x64', rollout: '7' }, publisher, job);
    await Promise.all([promoting, pauseRelease({ ...here, target: 'win-x64', paused: true }, publisher, job)]);
    const { offers } = await readDocuments(bench.repo);
    expect(
      Object.fromEntries(offers.map((each) => [each.platform, each.offers.map(({ paused, ramp }) => [paused, ramp.at(-1)?.percent])])),
    ).toEqual({
      linux: [[false, 7]],
      win: [[true, 100]],
    });
  });
});

describe('with the online keys alone', () => {
  test('a rollout goes on, stops, goes on, and a version is taken back', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'));
    await bench.publish();
    await bench.build('1.1.0', tree('two'));
    await bench.publish({ rollout: '5' });
    const publisher = await onlineOnly(bench);
    const newest = { channel: 'stable', target: null, version: null };
    const states = [];
    await promoteRelease({ ...newest, rollout: '50' }, publisher, job);
    states.push(await offered(bench));
    await pauseRelease({ ...newest, paused: true }, publisher, job);
    states.push(await offered(bench));
    await pauseRelease({ ...newest, paused: false }, publisher, job);
    await withdrawRelease({ version: '1.1.0', channel: null, target: null, reason: 'loses notes' }, publisher, job);
    states.push(await offered(bench));
    expect(states).toEqual([
      [
        ['1.1.0', false, 50],
        ['1.0.0', false, 100],
      ],
      [
        ['1.1.0', true, 50],
        ['1.0.0', false, 100],
      ],
      [['1.0.0', false, 100]],
    ]);
    expect((await readDocuments(bench.repo)).offers[0]?.withdrawn).toEqual([{ version: '1.1.0', reason: 'loses notes' }]);
  });

  test('a version that was published reaches another channel, one that was not cannot be offered', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'), { needs: { updater: null, os: null, libc: null, minFrom: '0.9.0' } });
    await bench.publish({ channel: 'beta' });
    const publisher = await onlineOnly(bench);
    await promoteRelease({ channel: 'stable', target: null, version: '1.0.0', rollout: '100' }, publisher, job);
    expect(await offered(bench)).toEqual([['1.0.0', false, 100]]);
    const stable = (await readDocuments(bench.repo)).offers.find(({ channel }) => channel === 'stable');
    expect(stable?.offers[0]?.needs.minFrom).toBe('0.9.0');
    await bench.build('1.1.0', tree('two'));
    const early = promoteRelease({ channel: 'stable', target: null, version: '1.1.0', rollout: '100' }, publisher, job);
    await expect(early).rejects.toMatchObject({ code: 'usage/wrong' });
    await expect(withdrawRelease({ version: '9.0.0', channel: null, target: null, reason: '' }, publisher, job)).rejects.toMatchObject({
      code: 'usage/wrong',
    });
  });

  test('nothing can be published', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', tree('one'));
    const what = { channel: 'stable', rollout: '100', version: null, target: null };
    await expect(publishRelease(what, await onlineOnly(bench), job)).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  test('signatures are renewed before they end', async () => {
    await using bench = await workbench();
    const publisher = await onlineOnly(bench);
    const at = (days: number): Publisher => ({ ...publisher, now: new Date(bench.now.getTime() + days * 86_400_000) });
    const day = (time: string): number => Math.round((Date.parse(time) - bench.now.getTime()) / 86_400_000);
    const ends = async (days: number): Promise<readonly number[]> => {
      const { timestamp, snapshot, channels } = await renewOnline(at(days), job);
      return [timestamp, snapshot, channels].map(day);
    };
    expect([await ends(5), await ends(16), await ends(20)]).toEqual([
      [12, 30, 30],
      [23, 46, 46],
      [27, 46, 46],
    ]);
  });
});
