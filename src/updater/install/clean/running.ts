/** Which versions are in use by a process right now, whoever started it. Linux tells; elsewhere nothing is known. */
import { readFile, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { namesIn } from '../../disk/atomic.ts';
import type { Layout } from '../layout.ts';

/** The folder names below `versions/` that a process runs from, works in, was started with, or has mapped. Processes of others do not tell. */
export async function versionsInUse(layout: Layout): Promise<ReadonlySet<string>> {
  const versions = await realpath(layout.versions).catch(() => layout.versions);
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name));
  const used = new Set<string>();
  for (const pid of pids) {
    for (const told of await toldBy(join('/proc', pid))) {
      for (const folder of new Set([versions, layout.versions])) for (const name of namesBelow(folder, told)) used.add(name);
    }
  }
  return used;
}

/** What a process shows of itself; one that has ended meanwhile, or is another account's, shows nothing. */
async function toldBy(folder: string): Promise<readonly string[]> {
  const [exe, cwd] = ['exe', 'cwd'].map((link) => readlink(join(folder, link)));
  const [words, maps] = ['cmdline', 'maps'].map((file) => readFile(join(folder, file), 'latin1'));
  const told = await Promise.allSettled([exe, cwd, words, maps]);
  return told.map((each) => (each.status === 'fulfilled' ? (each.value ?? '') : ''));
}

/** The names that follow a folder wherever it stands in a text. */
function namesBelow(folder: string, text: string): readonly string[] {
  // Files of /proc are bytes: a path in them reads as Latin-1 as everything else does.
  const places = [folder, Buffer.from(folder).toString('latin1')];
  return places.flatMap((place) => text.split(`${place}${sep}`).slice(1)).map((rest) => /^[0-9A-Za-z.+-]*/.exec(rest)?.[0] ?? '');
}
