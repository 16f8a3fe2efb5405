/** Keeps what the board shows of the disk true: this shell's supervisor, the engine and commands all write there. */
import { watch, type FSWatcher } from 'node:fs';
import { mkdir } from 'node:fs/promises';

/** How long after a change is looked: an update writes several records in a row. */
const settleMs = 150;

/** Runs `refresh` now and after every change in one of the folders (made where they are missing), one at a time. Disposing of it stops and waits. */
export async function keepFresh(folders: readonly string[], refresh: () => Promise<void>): Promise<AsyncDisposable> {
  let running: Promise<void> = refresh();
  await running;
  let due: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(due);
    due = setTimeout(() => {
      // A disk that cannot be read now shows what was there before.
      running = running.then(refresh).catch(() => undefined);
    }, settleMs);
  };
  const watchers: FSWatcher[] = [];
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    // A system without a watch left shows changes at the next start.
    const watcher = watchOrNull(folder, soon);
    if (watcher !== null) watchers.push(watcher);
  }
  const stop = async (): Promise<void> => {
    for (const watcher of watchers) watcher.close();
    clearTimeout(due);
    await running;
  };
  return { [Symbol.asyncDispose]: stop };
}

function watchOrNull(folder: string, changed: () => void): FSWatcher | null {
  try {
    return watch(folder, { persistent: false }, changed).on('error', () => undefined);
  } catch {
    // Too many watches on this machine.
    return null;
  }
}
