/** Which windows have something that leaving would lose. A window that is gone has nothing any more. */
export interface Unsaved {
  note(window: string, isBusy: boolean): void;
  /** A window's stream begins; disposing of it ends it. A page that reloads has two for a moment. */
  joined(window: string): Disposable;
  isSo(): boolean;
  /** Hears that it may have changed, until it is disposed of. */
  watch(hear: () => void): Disposable;
}

/** Begins with no window. */
export function openUnsaved(): Unsaved {
  const busy = new Set<string>();
  const streams = new Map<string, number>();
  const hearers = new Set<() => void>();
  const note = (window: string, isBusy: boolean): void => {
    if (isBusy) busy.add(window);
    else busy.delete(window);
    for (const hear of hearers) hear();
  };
  const count = (window: string, change: number): number => {
    const now = (streams.get(window) ?? 0) + change;
    if (now === 0) streams.delete(window);
    else streams.set(window, now);
    return now;
  };
  const joined = (window: string): Disposable => {
    count(window, 1);
    return { [Symbol.dispose]: () => count(window, -1) === 0 && note(window, false) };
  };
  const watch = (hear: () => void): Disposable => {
    hearers.add(hear);
    return { [Symbol.dispose]: () => hearers.delete(hear) };
  };
  return { note, joined, isSo: () => busy.size > 0, watch };
}
