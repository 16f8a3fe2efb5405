/** Counts what windows ask for, and tells whoever watches a trial how much of it went wrong. */
import type { CommandName } from '../../contract/commands.ts';
import type { Reply } from '../../contract/wire.ts';
import { sayHealth, type Around } from '../around.ts';

/** How long after the start anybody listens: a trial takes its time in awake minutes, and sleep may come between. */
const listensMs = 15 * 60_000;

/** Passes a reply on, counted. What a person did wrong, or a network, is no error of the program: a bug is. */
export function countRequests(around: Pick<Around, 'healthFile'>): (reply: Reply<CommandName>) => Reply<CommandName> {
  const startedAt = performance.now();
  let requests = 0;
  let errors = 0;
  return (reply) => {
    if (performance.now() - startedAt > listensMs) return reply;
    requests += 1;
    if ('failure' in reply && reply.failure.code === 'bug/unexpected') errors += 1;
    sayHealth(around, { requests, errors });
    return reply;
  };
}
