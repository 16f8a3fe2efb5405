/** When somebody last did something in one of our windows, and last typed. */
export interface Presence {
  touch(): void;
  type(): void;
  sinceTouchedMs(): number;
  sinceTypedMs(): number;
}

/** Begins with nobody having typed, and somebody there: the program was just started. `now` is monotonic, in milliseconds. */
export function openPresence(now: () => number): Presence {
  let touchedAt = now();
  let typedAt = Number.NEGATIVE_INFINITY;
  const touch = (): void => {
    touchedAt = now();
  };
  const type = (): void => {
    touch();
    typedAt = now();
  };
  return { touch, type, sinceTouchedMs: () => now() - touchedAt, sinceTypedMs: () => now() - typedAt };
}
