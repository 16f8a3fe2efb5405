/**
 * `node test/main/launcher/freeze-process.ts vN` makes `fixtures/vN` of today: the launcher, and an installation with two versions.
 * What is frozen is never made anew: released launchers and installations do not change either.
 */
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEpoch } from '../../../src/updater/install/epoch/record.ts';
import { tempFolder } from '../../ground/folder.ts';
import type { Contents } from '../../ground/publisher.ts';
import { launcher, openGround } from './ground.ts';

const name = process.argv[2];
if (name === undefined || !/^v\d+$/.test(name)) throw new Error('which one: v1, v2, …');
const target = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
await mkdir(join(target, '..'), { recursive: true });
await mkdir(target);
await using folder = await tempFolder();
const ground = await openGround(join(folder.path, 'root'));
for (const [i, version] of ['1.0.0', '1.1.0'].entries()) {
  const manifest = await ground.version(version, tree(version));
  const { n, epoch } = await ground.generation(manifest, { why: i === 0 ? 'install' : 'update' });
  const createdAt = '2026-05-06T07:08:09Z';
  await ensureEpoch(ground.instance, { epoch, dataVersion: 0, from: i || null, generation: n, why: 'update', createdAt, state: 'live' });
  for (const part of ['config', 'data', 'evolutions', 'profile']) {
    await writeFile(join(ground.instance.epochs, String(epoch), part, 'kept'), `${part} of epoch ${epoch}\n`);
  }
}
await rm(join(ground.root, 'boot'), { recursive: true });
await rename(ground.root, join(target, 'root')).catch(() => cp(ground.root, join(target, 'root'), { recursive: true }));
await cp(launcher, join(target, 'moult.sh'));

/** A program that keeps boot contract v1: it is healthy, writes to its data, and its user quits. */
function tree(version: string): Contents {
  const program = `#!/bin/sh
said() { printf '%s\\n' "$1" >> "$MOULT_HEALTH"; }
for stage in loaded config database service; do said "{\\"stage\\":\\"$stage\\"}"; done
echo "started $(cat words) with $(cat "$MOULT_EPOCH/data/kept")"
echo "${version} $MOULT_MODE" >> "$MOULT_EPOCH/data/kept"
said '{"stage":"ready"}'
said '{"quitting":"user"}'
`;
  return { app: { program }, words: `version ${version}\n`, 'lib/it.node': `native code of ${version}\n` };
}
