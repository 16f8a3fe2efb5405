/** Somebody at the product: the real start, its window in a real browser, and what went wrong in that window. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { hasCode } from '../../../src/updater/disk/atomic.ts';

/** A product that runs. Each start, and each restart into another version, hands out a window of its own: `page` is in the newest one. */
export interface Person extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, on the console, and of the window's policy. */
  readonly troubles: readonly string[];
  /** Goes to the window that the last restart handed out. */
  follow(): Promise<void>;
  /** A further window of the same product: what a second start opens. */
  another(): Promise<Page>;
  /** Resolves with the exit code when the product has ended. */
  readonly ended: Promise<number | null>;
}

const command = join(import.meta.dirname, '../../../src/main/cli/moult.mjs');

/** Starts what is installed below `root` and opens its window. */
export async function sitDown(browser: Browser, root: string): Promise<Person> {
  const seen = new Set<string>();
  const folder = join(instanceOf(layoutOf(root), 'default').folder, 'window');
  const args = [join(import.meta.dirname, 'start-process.ts'), root, '3000'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, MOULT_BROWSER: 'none' } });
  const ended = once(child, 'exit').then(() => child.exitCode);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-US' });
  const troubles: string[] = [];
  const page = await watchedPage(context, troubles);
  const follow = async (): Promise<void> => {
    await page.goto(await nextAddress(folder, seen));
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  await follow();
  const another = async (): Promise<Page> => {
    const further = await watchedPage(context, troubles);
    await once(spawn(process.execPath, [command, '--root', root, 'start'], { stdio: 'ignore' }), 'exit');
    await further.goto(await nextAddress(folder, seen));
    return further;
  };
  const leave = async (): Promise<void> => {
    await context.close();
    child.kill('SIGTERM');
    await ended;
  };
  return { page, troubles, follow, another, ended, [Symbol.asyncDispose]: leave };
}

async function watchedPage(context: BrowserContext, troubles: string[]): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    // While a version is exchanged nobody answers: the browser says so, and the window says it better.
    const isExpected = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/.test(message.text());
    if (message.type() === 'error' && !isExpected) troubles.push(message.text());
  });
  return page;
}

/** The address on the newest page that nobody has followed yet. */
async function nextAddress(folder: string, seen: Set<string>): Promise<string> {
  for (;;) {
    for (const name of await namesByAge(folder)) {
      const text = seen.has(name) ? '' : await readFile(join(folder, name), 'utf8').catch(() => '');
      const address = /url=([^"]+)"/.exec(text)?.[1];
      if (address === undefined) continue;
      seen.add(name);
      return address;
    }
    await sleep(50);
  }
}

async function namesByAge(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    const times = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).mtimeMs] as const));
    return times.toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  } catch (error) {
    // The shell makes the folder anew at each start.
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
