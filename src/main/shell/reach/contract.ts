/** What windows and commands reach: every question is answered once the shell is complete, and counted for whoever watches a trial. */
import { isCommand, type CommandName } from '../../contract/commands.ts';
import { answer, type Board, type Contract, type Handlers } from '../../contract/serve.ts';
import type { Reply } from '../../contract/wire.ts';
import type { Around } from '../around.ts';
import type { Log } from '../log.ts';
import { countRequests } from './requests.ts';
import type { Unsaved } from './unsaved.ts';

/** What is needed to answer: whoever watches, what windows watch, which of them are busy, and the log. */
interface Means {
  readonly around: Around;
  readonly board: Board;
  readonly unsaved: Unsaved;
  readonly log: Log;
}

/** Returns the contract over handlers that come later. Which window is busy is known here only: a handler does not learn who asked. */
export function contractOf(whole: Promise<Handlers>, { around, board, unsaved, log }: Means): Contract {
  const count = countRequests(around);
  return {
    ask: async (name, input, from) => {
      const busy: Handlers['window/busy'] = async ({ isBusy }) => {
        unsaved.note(from, isBusy);
        return null;
      };
      const since = performance.now();
      const reply = await answer({ ...(await whole), 'window/busy': busy }, name, input);
      noteReply(isCommand(name) ? name : null, { reply, ms: Math.round(performance.now() - since) }, log);
      return count(reply);
    },
    watch: (hear, from) => {
      const joined = unsaved.joined(from);
      const watching = board.watch(hear);
      return {
        [Symbol.dispose]: () => {
          watching[Symbol.dispose]();
          joined[Symbol.dispose]();
        },
      };
    },
  };
}

/** How a command went, without what was in it. That somebody types is not worth a line. */
function noteReply(command: CommandName | null, { reply, ms }: { reply: Reply<CommandName>; ms: number }, log: Log): void {
  if (command === 'window/busy') return;
  if ('answer' in reply) log.note('answered', { command, ms });
  else if (reply.failure.code === 'bug/unexpected') log.warn('failed', { command, ms, failure: reply.failure });
  else log.note('refused', { command, ms, code: reply.failure.code });
}
