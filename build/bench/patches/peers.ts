/** The tools that we are held against, as their manuals say they make the smallest patches; those that are not installed are left out. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { measure, type Usage } from './usage.ts';

const run = promisify(execFile);

/** A patch by somebody else: its size in bytes and what making it took, null where that was not measured. */
export interface PeerPatch {
  readonly name: string;
  readonly bytes: number;
  readonly usage: Usage | null;
}

interface Files {
  readonly old: string;
  readonly new: string;
}

interface Peer {
  readonly name: string;
  readonly program: string;
  args(files: Files, out: string): readonly string[];
}

const peers: readonly Peer[] = [
  { name: 'bsdiff', program: 'bsdiff', args: (files, out) => [files.old, files.new, out] },
  { name: 'HDiffPatch, lzma2', program: 'hdiffz', args: (files, out) => ['-f', '-c-lzma2-9', files.old, files.new, out] },
  {
    name: 'zstd -19 --patch-from --long=31',
    program: 'zstd',
    args: (files, out) => ['-q', '-f', '-19', '--long=31', `--patch-from=${files.old}`, files.new, '-o', out],
  },
  {
    name: 'xdelta3 -9, lzma',
    program: 'xdelta3',
    args: (files, out) => ['-e', '-f', '-9', '-S', 'lzma', '-B', '2147483647', '-s', files.old, files.new, out],
  },
];

/** Makes the patch with every tool that is on PATH, and counts what a block map would fetch. `folder` is for what they write. */
export async function peerPatches(files: Files, folder: string): Promise<readonly PeerPatch[]> {
  const made: PeerPatch[] = [];
  for (const { name, program, args } of peers.filter((peer) => isInstalled(peer.program))) {
    const out = join(folder, program);
    const usage = await measure(program, args(files, out));
    made.push({ name, bytes: (await stat(out)).size, usage });
  }
  return [...made, { name: 'electron-builder block map', bytes: await blockMapBytes(files, folder), usage: null }];
}

/** Names the installed tools with what they say their version is; bsdiff does not say. */
export async function versionsOfPeers(): Promise<string> {
  const named = await Promise.all(
    peers.map(async ({ program }) => {
      if (!isInstalled(program)) return `no ${program}`;
      const { stdout, stderr } = await run(program, ['-V']).catch(() => ({ stdout: '', stderr: '' }));
      const version = /\d+\.\d+[\w.]*/.exec(`${stdout}${stderr}`)?.[0];
      return version === undefined ? program : `${program} ${version}`;
    }),
  );
  return named.join(', ');
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // It is not in this folder.
      return false;
    }
  });
}

// Loaded in a process of its own: it is a part of electron-builder without types or a door to it.
const blockMapModule = join(
  fileURLToPath(new URL('../../..', import.meta.url)),
  'node_modules/app-builder-lib/out/targets/blockmap/blockmap.js',
);
const blockMapSchema = z.object({ files: z.array(z.object({ checksums: z.array(z.string()), sizes: z.array(z.number()) })) });

/** What electron-updater would fetch: the blocks of the new file, as they are, that the old one does not have, and the map itself. */
async function blockMapBytes(files: Files, folder: string): Promise<number> {
  const [before, after] = [await blockMap(files.old, join(folder, 'old')), await blockMap(files.new, join(folder, 'new'))];
  const known = new Set(before.blocks.keys());
  let bytes = after.size;
  for (const [checksum, size] of after.blocks) if (!known.has(checksum)) bytes += size;
  return bytes;
}

async function blockMap(file: string, name: string): Promise<{ blocks: ReadonlyMap<string, number>; size: number }> {
  const out = `${name}.blockmap`;
  const code = `require(${JSON.stringify(blockMapModule)}).buildBlockMap(...process.argv.slice(1))`;
  await measure(process.execPath, ['--eval', code, file, 'gzip', out]);
  const packed = await readFile(out);
  const [map] = blockMapSchema.parse(JSON.parse(gunzipSync(packed).toString())).files;
  return { blocks: new Map(map?.checksums.map((checksum, i) => [checksum, map.sizes[i] ?? 0])), size: packed.length };
}
