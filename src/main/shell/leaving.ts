/** The one moment at which the shell begins to end, and by whose wish. */
import { once } from 'node:events';

/** `by` null: whoever watched is gone, and nobody is told. `again`: to be started again at once. */
export interface Leave {
  readonly by: 'user' | 'session' | null;
  readonly again: boolean;
}

/** Waits for that moment; the first wish counts. */
export interface Leaving extends Disposable {
  readonly asked: Promise<Leave>;
  ask(leave: Leave): void;
}

/**
 * Listens for Ctrl-C (the user), an end from outside (the session) and the end of the supervisor. Writes of an application are
 * synchronous or awaited by `quiesce`, so nothing else has to be known.
 */
export function openLeaving(): Leaving {
  const { promise, resolve } = Promise.withResolvers<Leave>();
  const stop = new AbortController();
  const on = (event: string, by: Leave['by']): void => {
    once(process, event, { signal: stop.signal }).then(
      () => resolve({ by, again: false }),
      () => undefined,
    );
  };
  on('SIGINT', 'user');
  on('SIGTERM', 'session');
  on('SIGHUP', 'session');
  on('disconnect', null);
  return { asked: promise, ask: resolve, [Symbol.dispose]: () => stop.abort() };
}
