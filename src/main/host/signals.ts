import type { HostSignal } from './host.ts';

/** Where a host says what happened; whoever listens hears each signal once. */
export interface Signals {
  say(signal: HostSignal): void;
  watch(hear: (signal: HostSignal) => void): Disposable;
}

/** Opens a place for signals. One that was said before anybody listened is lost: `show` comes after all listeners. */
export function openSignals(): Signals {
  const hearers = new Set<(signal: HostSignal) => void>();
  return {
    say: (signal) => hearers.forEach((hear) => hear(signal)),
    watch: (hear) => {
      hearers.add(hear);
      return { [Symbol.dispose]: () => hearers.delete(hear) };
    },
  };
}
