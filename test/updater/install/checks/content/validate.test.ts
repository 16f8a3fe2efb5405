import { describe, expect, it } from 'vitest';
import { scanTree } from '../../../../../src/updater/disk/scan.ts';
import { nativeProblem } from '../../../../../src/updater/install/checks/content/natives.ts';
import { validateTree } from '../../../../../src/updater/install/checks/content/validate.ts';
import { quietJob } from '../../../../../src/updater/model/job.ts';
import type { Manifest } from '../../../../../src/updater/model/manifest.ts';
import { tempFolder } from '../../../../ground/folder.ts';
import { writeTree, type Contents } from '../../../../ground/publisher.ts';
import { digestOf, manifestWith } from '../../../../ground/manifests.ts';

const job = quietJob();

async function validate(contents: Contents, fields: Partial<Manifest> = {}, known: ReadonlySet<string> = new Set()): Promise<void> {
  await using folder = await tempFolder();
  await writeTree(folder.path, contents);
  const { files } = await scanTree(folder.path, job);
  const manifest = manifestWith({ tree: { digest: digestOf('tree'), files: [...files], links: [] }, ...fields });
  await validateTree(folder.path, manifest, { known, job });
}

/** The first bytes of a module, as far as they are looked at. */
function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

function portable(machine: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write('MZ');
  bytes.writeUInt32LE(128, 0x3c);
  bytes.write('PE\0\0', 128, 'latin1');
  bytes.writeUInt16LE(machine, 132);
  return bytes;
}

function mach(machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(machine, 4);
  return bytes;
}

describe('a tree before it becomes a version', () => {
  it('may hold every kind of script, JSON and module that Node takes', async () => {
    await validate({
      'a.json': '\uFEFF{"a": 1.5}',
      'tsconfig.json': '{ // a comment\n}',
      'a.cjs': "#!/usr/bin/env node\n'use strict';\nreturn module.exports = require('./b.js');",
      'a.mjs': "import { a } from './nowhere.mjs';\nexport const b = await a;",
      'old.js': 'with (Math) { exports.x = sin(1) }',
      'new.js': 'export const x = await 1;',
      'linux.node': elf(0x3e),
      'node_modules/x/prebuilds/win32-x64.node': portable(0x8664),
      'node_modules/x/test/broken.js': 'this is not',
    });
  });

  it.each([
    ['JSON that does not parse', { 'x/a.json': '{"a": 1,}' }, '"x/a.json" is not JSON'],
    ['an empty JSON file', { 'a.json': '' }, '"a.json" is not JSON'],
    ['a script that does not parse', { 'x/a.js': 'const = 1;' }, '"x/a.js" does not parse'],
    ['a module that does not parse', { 'a.mjs': 'export {' }, '"a.mjs" does not parse'],
    ['a module where a script must be', { 'a.cjs': 'export const x = 1;' }, '"a.cjs" does not parse'],
    ['a truncated script', { 'a.js': 'function f() { return 1;' }, '"a.js" does not parse'],
    ['a module for another platform', { 'a.node': portable(0x8664) }, '"a.node" is not a native module for linux'],
    ['a module for another machine', { 'a.node': elf(0xb7) }, '"a.node" is a native module for another machine'],
    ['an empty module', { 'a.node': '' }, '"a.node" is not a native module'],
  ])('is refused with %s', async (_, contents, why) => {
    await expect(validate(contents)).rejects.toMatchObject({ code: 'switch/denied', message: expect.stringContaining(why) });
  });

  it('is refused with migrations that do not lead to its data version, and with a gap among them', async () => {
    await expect(validate({}, { dataVersion: 3, data: { migrations: [1, 2] } })).rejects.toMatchObject({ code: 'switch/denied' });
    await expect(validate({}, { dataVersion: 3, data: { migrations: [1, 3] } })).rejects.toMatchObject({ code: 'check/invalid' });
    await expect(validate({}, { data: { state: ['../elsewhere'] } })).rejects.toMatchObject({ code: 'check/invalid' });
  });

  it('is not looked at again where the running version has the same file', async () => {
    await validate({ 'a.json': 'broken' }, {}, new Set([digestOf('broken')]));
  });
});

it('knows native modules of every platform by their first bytes', () => {
  const on = (platform: string, arch: string, bytes: Buffer): string | null => nativeProblem(bytes, { platform, arch });
  expect([on('linux', 'arm64', elf(0xb7)), on('win32', 'x64', portable(0x8664)), on('darwin', 'arm64', mach(0x0100000c))]).toEqual([
    null,
    null,
    null,
  ]);
  expect(on('darwin', 'x64', mach(0x0100000c))).toContain('another machine');
  expect(on('win32', 'arm64', portable(0x8664))).toContain('another machine');
  expect(on('win32', 'x64', elf(0x3e))).toContain('for win32');
});
