/** What somebody implements who puts an application of their own into this shell (`docs/embed.md`). */
import type { CommandName } from '../contract/commands.ts';
import type { Handlers } from '../contract/serve.ts';
import type { Busy } from '../contract/views.ts';
import type { Around } from './around.ts';

/** The commands that are the application's own; all others are the shell's. */
export type ApplicationCommand = Extract<CommandName, `notes/${string}`>;

/** How an application talks to the shell while it opens, and as long as it is open. */
export interface Reach {
  /** Says that a stage of the start is done, in this order. */
  stage(done: 'config' | 'database'): void;
  /** Says that something is wrong which a restart would not mend. */
  unhealthy(why: string): void;
  /** Tells every window that what it shows is not the newest any more. */
  changed(): void;
}

/** An application's one export. */
export interface Application {
  readonly name: string;
  /** Opens settings and data, both stages told on the way. Throws what keeps it from starting. */
  open(around: Around, reach: Reach): Promise<OpenApplication>;
}

/** An application that is open. Disposing of it closes its data. */
export interface OpenApplication extends AsyncDisposable {
  readonly handlers: Pick<Handlers, ApplicationCommand>;
  /** Why leaving now would lose something, besides what its windows say; nothing where it would not. */
  busy(): Busy['reasons'];
  /** Brings everything to disk and begins nothing new: it is about to be closed. */
  quiesce(): Promise<void>;
}
