import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickEnvironment } from '../../faults/shim/shim.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';

const command = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));

interface Answer {
  readonly code: number;
  readonly out: string;
}

describe('moult health and moult repair', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let root: string;
  let damaged: string;

  beforeAll(async () => {
    folder = await tempFolder();
    root = join(folder.path, 'root');
    const publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { 'read me.txt': 'one\n'.repeat(100), 'lib/a.txt': 'a' });
    const rootFile = join(folder.path, 'root.json');
    writeFileSync(rootFile, publisher.trustedRoot);
    await moult('install', '--from', publisher.repo, '--trusted-root', rootFile);
    const version = readdirSync(join(root, 'versions'), { withFileTypes: true }).find((entry) => entry.isDirectory());
    damaged = join(root, 'versions', version?.name ?? '', 'read me.txt');
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  function moult(...words: readonly string[]): Promise<Answer> {
    return new Promise((resolve) => {
      const args = [command, '--root', root, ...words];
      const child = execFile(process.execPath, args, { env: quickEnvironment() }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, out: stdout + stderr }),
      );
    });
  }

  it('say what is wrong and end with 4, show the plan first, mend it, and then say that all is well', async () => {
    expect(await moult('health')).toMatchObject({ code: 0, out: expect.stringContaining('Everything is as it should be') });
    const right = readFileSync(damaged, 'utf8');
    writeFileSync(damaged, right.replace('one', 'two'));

    const looked = await moult('health');
    expect(looked.code).toBe(4);
    expect(looked.out).toContain('read me.txt');
    expect(looked.out).toContain('file/damaged');
    expect(looked.out).toContain('moult repair');
    expect(JSON.parse((await moult('--json', '--quiet', 'health')).out)).toMatchObject({
      findings: [{ code: 'file/damaged', mends: 'replace' }],
    });

    const planned = await moult('repair', '--dry-run');
    expect(planned).toMatchObject({ code: 4, out: expect.stringContaining('put in place   read me.txt') });
    expect(readFileSync(damaged, 'utf8')).not.toBe(right);

    expect(await moult('repair')).toMatchObject({ code: 0, out: expect.stringContaining('as it should be again') });
    expect(readFileSync(damaged, 'utf8')).toBe(right);
    expect((await moult('repair')).out).toContain('Nothing had to be mended');
  });

  it('say plainly that nothing is installed where nothing is', async () => {
    const empty = await moult('--root', join(folder.path, 'nowhere'), 'health');
    expect(empty).toMatchObject({ code: 1, out: expect.stringContaining('start/nothing') });
  });
});
