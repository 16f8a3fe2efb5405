/** What windows and commands reach: every question is answered once the shell is complete, and counted for whoever watches a trial. */
import { answer, type Board, type Contract, type Handlers } from '../../contract/serve.ts';
import type { Around } from '../around.ts';
import { countRequests } from './requests.ts';
import type { Unsaved } from './unsaved.ts';

/** Returns the contract over handlers that come later. Which window is busy is known here only: a handler does not learn who asked. */
export function contractOf(
  whole: Promise<Handlers>,
  { around, board, unsaved }: { readonly around: Around; readonly board: Board; readonly unsaved: Unsaved },
): Contract {
  const count = countRequests(around);
  return {
    ask: async (name, input, from) => {
      const busy: Handlers['window/busy'] = async ({ isBusy }) => {
        unsaved.note(from, isBusy);
        return null;
      };
      return count(await answer({ ...(await whole), 'window/busy': busy }, name, input));
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
