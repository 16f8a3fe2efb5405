/**
 * `npm run bench:patches [-- WORD …]`: our patches beside those of every tool that is installed, on the pairs of `pairs.json`.
 *
 * Anyone may add a line there. Pairs are fetched with npm and kept in `node_modules/.cache/moult/pairs` (or where MOULT_PAIRS says). With words only the pairs
 * whose names hold one of them are measured, and nothing is written into the documentation.
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ourPatch } from './ours.ts';
import { fetchPair, readList, type Listed } from './pairs.ts';
import { peerPatches, versionsOfPeers } from './peers.ts';
import { replaceSection, tablesOf, type Row } from './table.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

async function measurePair(listed: Listed): Promise<Row> {
  const cache = process.env['MOULT_PAIRS'] ?? join(root, 'node_modules/.cache/moult/pairs');
  await mkdir(cache, { recursive: true });
  const pair = await fetchPair(listed, cache);
  const folder = await mkdtemp(join(tmpdir(), 'moult-patches-'));
  try {
    const [ours, peers] = [await ourPatch(pair, folder), await peerPatches(pair.files, folder)];
    return { name: pair.name, oldBytes: (await stat(pair.files.old)).size, ours, peers };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const words = process.argv.slice(2);
const list = await readList(join(import.meta.dirname, 'pairs.json'));
const rows: Row[] = [];
for (const listed of list.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))) {
  const row = await measurePair(listed);
  console.log(`${tablesOf([row])}\n`);
  rows.push(row);
}
if (words.length === 0) {
  const date = new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
  const machine = `${cpus().length} cores, Node ${process.versions.node} with zstd ${process.versions.zstd ?? '?'}; ${await versionsOfPeers()}`;
  const how = `\`npm run bench:patches\`, ${date}. ${machine}. Ours are made with an empty cache, at zstd's level 19.`;
  await replaceSection(join(root, 'docs/benchmarks.md'), `${how}\n\n${tablesOf(rows)}`);
}
