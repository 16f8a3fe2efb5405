/**
 * The browser's profile of an epoch: `profile/electron/`, and beside it `electron.json` with the Chromium that wrote it last. An
 * older Chromium erases what a newer one stored, so it never gets to open such a profile.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../../src/updater/disk/atomic.ts';
import { Failed } from '../../src/updater/model/failure.ts';
import { parseAs } from '../../src/updater/model/parse.ts';

const markSchema = z.object({ chromiumMajor: z.int().positive() });

/** Makes the profile's folder for this Chromium, marks it, and returns its path; all before Electron is ready. Throws `switch/data` when a newer one wrote it. */
export function claimProfile(epoch: string, chromium: string): string {
  const chromiumMajor = Number.parseInt(chromium, 10);
  const mark = join(epoch, 'profile', 'electron.json');
  const wroteLast = lastMajor(mark);
  if (wroteLast > chromiumMajor) throw new Failed('switch/data', `Chromium ${wroteLast} wrote the profile; this is ${chromiumMajor}`);
  const folder = join(epoch, 'profile', 'electron');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (wroteLast !== chromiumMajor) writeFileSync(mark, `${JSON.stringify({ chromiumMajor })}\n`, { mode: 0o600, flush: true });
  return folder;
}

function lastMajor(mark: string): number {
  try {
    return parseAs(markSchema, JSON.parse(readFileSync(mark, 'utf8')), { what: mark, code: 'state/damaged' }).chromiumMajor;
  } catch (error) {
    // A profile that was never opened, or a mark that was cut off by the end of power before anything was written under it.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return 0;
    throw error;
  }
}
