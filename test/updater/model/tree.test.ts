import { expect, test } from 'vitest';
import {
  comparePaths,
  pathProblem,
  resolveLink,
  treeLimits,
  treeProblem,
  type Tree,
  type TreeFile,
} from '../../../src/updater/model/tree.ts';

const file = (path: string, size = 1): TreeFile => ({ path, size, sha256: '0'.repeat(64), mode: 'file', part: 'app' });
const tree = (paths: readonly string[], links: Readonly<Record<string, string>> = {}): Tree => ({
  files: paths.map((path) => file(path)),
  links: Object.entries(links).map(([path, target]) => ({ path, target })),
});

test.each([
  ['../x'],
  ['..'],
  ['.'],
  ['a/../x'],
  ['a/..'],
  ['./a'],
  ['/etc/passwd'],
  ['//server/share'],
  ['a//b'],
  ['a/'],
  ['C:/x'],
  ['c:x'],
  ['file.txt:stream'],
  ['a\\b'],
  ['..\\x'],
  ['\\\\server\\share'],
  ['a\u0000b'],
  ['a\nb'],
  ['a\u007fb'],
  ['a.'],
  ['a. '],
  ['a /b'],
  [' a'],
  ['a./b'],
  ['con'],
  ['CON.txt'],
  ['con .txt'],
  ['a/Nul'],
  ['com1'],
  ['COM¹.log'],
  ['lpt9.tar.gz'],
  ['conin$'],
  ['a<b'],
  ['a|b'],
  ['a?'],
  ['a*'],
  ['a"b'],
  ['\ud800'],
  ['a/\udc00b'],
  [''],
  ['x'.repeat(256)],
  ['ü'.repeat(128)],
  ['a/'.repeat(64) + 'a'],
  [`${'abcdefg/'.repeat(128)}a`],
  ['data/lock.db'],
  ['LOCK.DB'],
])('S15 a path like %j is rejected', (path) => {
  expect(pathProblem(path)).toEqual(expect.any(String));
});

test.each([
  'a',
  'a/b.c',
  '.hidden',
  'with space',
  'ü/名前/\u{1f600}',
  'console.log',
  'com10',
  'x'.repeat(255),
  'a..b',
  '...a',
  'lock.db.txt',
  '-rf',
  "it's",
])('a path like %j may stand in a tree', (path) => {
  expect(pathProblem(path)).toBeNull();
});

test.each([
  ['upper and lower case', 'A', 'a'],
  ['case in a folder', 'lib/x', 'LIB/y'],
  ['ß and ss', 'straße', 'STRASSE'],
  ['composed and decomposed', 'caf\u00e9', 'cafe\u0301'],
  ['compatibility forms', 'ﬁle', 'file'],
  ['full width', 'ａ', 'a'],
  ['the Kelvin sign', '\u212a', 'k'],
  ['dotless i', 'ı', 'i'],
  ['final sigma', 'ΣΑΣ', 'σας'],
  ['an invisible character', 'gi\u200ct', 'git'],
  ['the very same', 'a/b', 'a/b'],
])('S17 two names that differ only by %s are rejected', (_what, one, other) => {
  expect(treeProblem(tree([one, other]))).toContain('one name on some systems');
});

test('S17 a file may not be the folder of another, in any case', () => {
  for (const paths of [
    ['a', 'a/b'],
    ['A', 'a/b'],
    ['x/y/z/w', 'x/Y'],
  ])
    expect(treeProblem(tree(paths))).toContain('below the file');
  expect(treeProblem(tree(['a/b'], { a: 'c' }))).toContain('below the file or link');
});

test.each([
  ['an absolute target', { l: '/etc/passwd' }],
  ['a climb out', { l: '../x' }],
  ['a climb out from a folder', { 'a/b/l': '../../../x' }],
  ['the root itself', { 'a/l': '..' }],
  ['an empty name', { l: 'a//b' }],
  ['a backslash', { l: 'a\\..\\..\\x' }],
  ['a drive', { l: 'C:x' }],
  ['a climb behind a name, where the name may be a link', { 'a/b/k': '../../d', m: 'a/b/k/../../x' }],
  ['a climb behind a name that is nothing', { l: 'nothing/../x' }],
  ['itself', { l: 'l' }],
  ['another link', { l: 'k', k: 'file' }],
  ['another link in another case', { l: 'K', k: 'file' }],
  ['a way through another link', { l: 'k/x', k: 'folder' }],
])('S16 a link to %s is rejected', (_what, links) => {
  expect(treeProblem(tree(['file', 'folder/x'], links))).toMatch(/^the link/);
});

test('links to files, folders and to nothing, inside the tree, are fine', () => {
  const links = { l: 'file', 'a/b/l': '../../folder/x', 'a/m': './b', n: 'not/there' };
  expect(treeProblem(tree(['file', 'folder/x', 'a/b/f'], links))).toBeNull();
  expect([resolveLink('a/b/l', '../../folder/x'), resolveLink('a/m', './b'), resolveLink('l', '')]).toEqual(['folder/x', 'a/b', null]);
});

test('S18 more entries or bytes than the limits are rejected', () => {
  const many = Array.from({ length: treeLimits.entries + 1 }, (_, i) => file(`f${i}`));
  expect(treeProblem({ files: many, links: [] })).toBe('too many entries');
  expect(treeProblem({ files: [file('a', treeLimits.totalBytes), file('b')], links: [] })).toBe('too many bytes');
  expect(treeProblem({ files: [file('a', treeLimits.totalBytes)], links: [] })).toBeNull();
});

test('paths are ordered by their UTF-8 bytes', () => {
  const paths = ['\u{1f600}', '\uff5e', 'a/b', 'a-b', 'a', 'ab', 'Z', '\u{1f601}', 'ä'];
  const byBytes = paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(paths.toSorted(comparePaths)).toEqual(byBytes);
});
