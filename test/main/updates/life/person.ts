/** A host without a window, and whoever sits at it. */
import type { Conditions, Host, HostSignal, Notification } from '../../../../src/main/host/host.ts';

/** What a test may do with the machine. */
export interface Person {
  readonly host: Host;
  readonly heard: Notification[];
  signal(signal: HostSignal): void;
  /** The machine's conditions from now on; what is left out stays. */
  change(conditions: Partial<Conditions>): void;
}

/** Somebody who sits at a machine with a good network. */
export function openPerson(): Person {
  let conditions: Conditions = {
    isOnline: true,
    isMetered: false,
    isOnBattery: false,
    idleMs: 0,
    isFullScreen: false,
    sinceTypingMs: 3_600_000,
  };
  const watchers = new Set<(signal: HostSignal) => void>();
  const heard: Notification[] = [];
  const host: Host = {
    kind: 'headless',
    versions: {},
    conditions: () => conditions,
    watch: (hear) => {
      watchers.add(hear);
      return { [Symbol.dispose]: () => watchers.delete(hear) };
    },
    show: async () => undefined,
    notify: (notification) => void heard.push(notification),
    showProgress: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return {
    host,
    heard,
    signal: (signal) => {
      for (const hear of watchers) hear(signal);
    },
    change: (part) => {
      conditions = { ...conditions, ...part };
    },
  };
}
