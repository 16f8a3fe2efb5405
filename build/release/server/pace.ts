/** How many automatic checks a server lets through, spread evenly: what comes too fast is told when to come again. */
export interface Pace {
  /** Takes a turn and returns null, or returns after how many seconds there is one. */
  take(): number | null;
}

const withheldSeconds = 3600;
/** How long a queue of those who were told to wait may become. */
const longestSeconds = 6 * 3600;

/** Opens a pace of so many turns a minute; null lets everybody through, 0 nobody. `now` is monotonic, in milliseconds. */
export function openPace(perMinute: number | null, now: () => number): Pace {
  if (perMinute === null) return { take: () => null };
  if (perMinute === 0) return { take: () => withheldSeconds };
  const everyMs = 60_000 / perMinute;
  let free = perMinute;
  let since = now();
  let waiting = 0;
  const take = (): number | null => {
    const turns = Math.floor((now() - since) / everyMs);
    since += turns * everyMs;
    free = Math.min(perMinute, free + turns);
    waiting = Math.max(0, waiting - turns);
    if (free > 0) {
      free -= 1;
      return null;
    }
    // Each one that waits gets a later turn than the one before, so that they do not all come back at once.
    waiting += 1;
    return Math.min(longestSeconds, Math.ceil((waiting * everyMs) / 1000) + 1);
  };
  return { take };
}
