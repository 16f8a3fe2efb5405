/** Whether somebody is there, as far as windows tell: they watch, they ask, and they say when somebody types. */
import type { Knock } from './door/door.ts';
import type { Conditions, HostSignal } from './host.ts';

/** What windows told so far. */
export interface Presence extends Disposable {
  note(knock: Knock): void;
  /** Whether a window ever watched. */
  wasThere(): boolean;
  conditions(): Conditions;
}

/** `now` is monotonic and in milliseconds; no window at all for `goneMs` means that the person has left. */
export interface PresenceTools {
  readonly goneMs: number;
  now(): number;
  say(signal: HostSignal): void;
}

/** Begins with nobody there, as of now. */
export function openPresence({ goneMs, now, say }: PresenceTools): Presence {
  let wasThere = false;
  let askedAt = now();
  let typedAt = Number.NEGATIVE_INFINITY;
  let leaving: NodeJS.Timeout | undefined;
  const count = (windows: number): void => {
    clearTimeout(leaving);
    if (windows === 0) leaving = setTimeout(() => say('windows-gone'), goneMs);
    else if (!wasThere) say('usable');
    wasThere ||= windows > 0;
  };
  const note = (knock: Knock): void => {
    if (knock.kind === 'windows') return count(knock.windows);
    askedAt = now();
    if (knock.command === 'window/busy') typedAt = now();
    say('activity');
  };
  return {
    note,
    wasThere: () => wasThere,
    conditions: () => ({ ...unknown, idleMs: now() - askedAt, sinceTypingMs: now() - typedAt }),
    [Symbol.dispose]: () => clearTimeout(leaving),
  };
}

/** What plain Node cannot know. The network is tried when it is needed. */
export const unknown = { isOnline: true, isMetered: null, isOnBattery: null, isFullScreen: null } as const;
