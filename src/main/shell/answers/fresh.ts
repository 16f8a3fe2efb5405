/** Keeps what the board shows of the disk true: this shell's supervisor, the engine and commands all write there. */
import { mkdirSync, watch, type FSWatcher } from 'node:fs';

/** How long after a change is looked: an update writes several records in a row. */
const settleMs = 150;

/** Runs `refresh` now and after every change in one of the folders (made where they are missing), one at a time; it does not throw. Disposing of it stops and waits. */
export async function keepFresh(folders: readonly string[], refresh: () => Promise<void>): Promise<AsyncDisposable> {
  let running: Promise<void> = refresh();
  await running;
  let due: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(due);
    due = setTimeout(() => {
      running = running.then(refresh);
    }, settleMs);
  };
  const watchers: FSWatcher[] = [];
  for (const folder of folders) {
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
    mkdirSync(folder, { recursive: true });
    return watch(folder, { persistent: false }, changed).on('error', () => undefined);
  } catch {
    // A disk that is full, or too many watches on this machine: changes show at the next start.
    return null;
  }
}
