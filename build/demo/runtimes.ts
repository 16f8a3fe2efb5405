import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The two runtimes that the demo's versions carry: the one before the pinned one, and the pinned one. Where there is no older one for this machine, both are the same. */
export function runtimes(): { readonly before: string; readonly now: string } {
  const name = `node-${process.platform}-${process.arch}/bin/node`;
  const before = fileURLToPath(new URL(`../runtimes/node_modules/${name}`, import.meta.url));
  const now = fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));
  const pinned = existsSync(now) ? now : process.execPath;
  return { before: existsSync(before) ? before : pinned, now: pinned };
}
