/**
 * Runs this checkout as an installed product, 1.0.0 with 1.1.0 on offer, until it is left: `node test/journeys/ground-process.ts
 * [start's arguments]`, for example `--host browser`. Everything lies in a temporary folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { tempFolder } from '../ground/folder.ts';
import { openGround, shellTree } from './ground.ts';

await using folder = await tempFolder();
await using ground = await openGround(folder.path);
const notes = { en: '## What is new\n\n- Notes can be **searched**.\n- A mistake at start is gone.\n' };
const changes = [
  { kind: 'feature', text: 'Notes can be searched' },
  { kind: 'fix', text: 'A mistake at start is gone' },
];
await ground.publisher.release('1.1.0', shellTree('two'), { changelog: { notes, changes, breaking: [] } });
process.stdout.write(`installed in ${ground.root}\n`);
const moult = resolve(import.meta.dirname, '../../src/main/cli/moult.mjs');
const child = spawn(process.execPath, [moult, '--root', ground.root, 'start', ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the child as well, which leaves in order.
process.on('SIGINT', () => undefined);
await once(child, 'exit');
