/** Everything above the operating system that the shell needs, whether Electron or plain Node is underneath. */
import type { AskEngine } from '../../updater/engine/process/client.ts';
import type { Contract } from '../contract/serve.ts';
import type { Door } from './door/door.ts';

/**
 * What the operating system or the person just did. `usable`: a window's page is there and watches the topics, or, after `unshown`
 * (no window can be shown here), everything that does without one.
 */
export type HostSignal =
  'usable' | 'unshown' | 'activity' | 'online' | 'offline' | 'suspend' | 'resume' | 'unlocked' | 'windows-gone' | 'session-ends';

/** What holds at this moment; null where the host cannot know. */
export interface Conditions {
  readonly isOnline: boolean;
  readonly isMetered: boolean | null;
  readonly isOnBattery: boolean | null;
  /** Milliseconds since somebody touched the machine, as far as the host can see. */
  readonly idleMs: number;
  readonly isFullScreen: boolean | null;
  /** Milliseconds since somebody typed in one of our windows. */
  readonly sinceTypingMs: number;
}

/** A message outside the window: a code with its values, for which the host finds the words. Never the only way to hear of something. */
export interface Notification {
  readonly code: 'available' | 'ready' | 'updated' | 'taken-back' | 'restart-soon';
  readonly version: string;
}

/** What a host is given: what its windows may ask and watch, the way in over loopback, and folders for a browser's profile and for what nothing outlives. */
export interface HostTools {
  readonly contract: Contract;
  readonly door: Door;
  readonly profile: string;
  readonly scratch: string;
}

/** One kind of host: `open` shows nothing yet; `ask` starts the engine in the kind of process that there is. */
export interface HostKind extends Pick<Host, 'kind' | 'versions'> {
  readonly ask: AskEngine;
  open(tools: HostTools): Promise<Host>;
}

/** One host, opened by its own module. Disposing of it closes its windows. */
export interface Host extends AsyncDisposable {
  readonly kind: 'electron' | 'browser' | 'headless';
  /** Versions of what is underneath, by name. */
  readonly versions: Readonly<Record<string, string>>;
  conditions(): Conditions;
  watch(hear: (signal: HostSignal) => void): Disposable;
  /** Shows the window, or brings it to the front when it is there. */
  show(): Promise<void>;
  notify(notification: Notification): void;
  /** Shows how far an update is beside the window's icon, 0–1; null for nothing. */
  showProgress(share: number | null): void;
}
