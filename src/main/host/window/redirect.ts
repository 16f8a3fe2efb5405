/**
 * How a ticket gets into a browser unseen: command lines can be read by every user of a machine, a file of mode 600 in a folder of
 * mode 700 cannot. The page leads to the shell with the ticket in the fragment, which no request carries.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a page that leads to `address` into `folder` (made by this) and returns its path. Not atomic: nobody knows its name before. */
export async function writeRedirect(folder: string, address: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `open-${randomBytes(8).toString('hex')}.html`);
  await writeFile(path, pageTo(address), { mode: 0o600, flag: 'wx' });
  return path;
}

/** The address is our own: a number and letters that need no escape. */
function pageTo(address: string): string {
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${address}"><title>Moult</title>\n`;
}
