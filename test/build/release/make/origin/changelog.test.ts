import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { changelogOf, readChangelog } from '../../../../../build/release/make/origin/changelog.ts';
import { publicAddress } from '../../../../../build/release/make/origin/provenance.ts';
import { quietJob } from '../../../../../src/updater/model/job.ts';
import { tempFolder } from '../../../../ground/folder.ts';

function commit(folder: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.org', '-c', 'commit.gpgsign=false'];
  execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' });
}

test('conventional commits become notes for people and changes for programs', () => {
  const changelog = changelogOf([
    'feat(editor)!: notes open in tabs\n\nLong words.\n\nBREAKING CHANGE: windows of notes are gone,\nexport them first\n\nRefs: 12',
    'fix: a note with an empty name opens',
    'feat!: names are unique',
    'chore: tidy',
    'Not in any form',
    'perf(search): twice as fast',
  ]);
  expect(changelog).toEqual({
    changes: [
      { kind: 'feat', text: 'editor: notes open in tabs' },
      { kind: 'fix', text: 'a note with an empty name opens' },
      { kind: 'feat', text: 'names are unique' },
      { kind: 'chore', text: 'tidy' },
      { kind: 'other', text: 'Not in any form' },
      { kind: 'perf', text: 'search: twice as fast' },
    ],
    breaking: [
      { what: 'windows of notes are gone, export them first', exports: [] },
      { what: 'names are unique', exports: [] },
    ],
    notes: {
      en: [
        '## Breaking changes\n\n- windows of notes are gone, export them first\n- names are unique\n',
        '## New\n\n- editor: notes open in tabs\n- names are unique\n',
        '## Fixed\n\n- a note with an empty name opens\n',
        '## Faster\n\n- search: twice as fast\n',
      ].join('\n'),
    },
  });
});

test('the commits since the last tag are read from a real checkout, or those since a given one', async () => {
  await using folder = await tempFolder();
  commit(folder.path, 'init', '-q');
  commit(folder.path, 'commit', '--allow-empty', '-m', 'feat: the first');
  commit(folder.path, 'tag', 'v1.0.0');
  commit(folder.path, 'commit', '--allow-empty', '-m', 'fix: the second');
  const since = async (from: string | null): Promise<string[]> =>
    (await readChangelog({ checkout: folder.path, from, to: 'HEAD' }, quietJob())).changes.map(({ text }) => text);
  expect(await since(null)).toEqual(['the second']);
  expect(await since('v1.0.0')).toEqual(['the second']);
  expect(await since('HEAD')).toEqual([]);
  await expect(since('v9')).rejects.toMatchObject({ code: 'usage/wrong' });
  await expect(since('--output=x')).rejects.toMatchObject({ code: 'usage/wrong' });
});

test('a folder that is no checkout has no change log', async () => {
  await using folder = await tempFolder();
  await expect(readChangelog({ checkout: folder.path, from: null, to: 'HEAD' }, quietJob())).rejects.toMatchObject({ code: 'usage/wrong' });
});

test('only a public address of the source, without a password, goes into a manifest', () => {
  expect(
    ['https://name:secret@example.org/a/b.git', 'git@example.org:a/b.git', '/home/somebody/b', 'file:///home/somebody/b', ''].map(
      publicAddress,
    ),
  ).toEqual(['https://example.org/a/b.git', 'ssh://example.org/a/b.git', '', '', '']);
});
