import { answer, openBoard, type Board, type Handlers } from '../../../src/main/contract/serve.ts';
import { openDoor } from '../../../src/main/host/door/door.ts';
import { usualAnswers, usualTopics } from './fixtures.ts';

/** The real window behind the real door, with a board that a test writes on and answers that it may replace. */
export interface Gallery extends AsyncDisposable {
  readonly board: Board;
  /** Replaces answers from now on; every question that came is in `asked`, oldest first. */
  answerWith(some: Partial<Handlers>): void;
  readonly asked: readonly (readonly [name: string, input: unknown])[];
  /** An address with a fresh ticket. */
  address(): string;
  /** Everything as it is usual again. */
  reset(): void;
}

/** Opens a gallery of the pages that were built into a folder. */
export async function openGallery(pages: string): Promise<Gallery> {
  const board = openBoard(usualTopics);
  let handlers = usualAnswers;
  const asked: (readonly [string, unknown])[] = [];
  const door = await openDoor({
    pages,
    contract: {
      ask: (name, input) => {
        asked.push([name, input]);
        return answer(handlers, name, input);
      },
      watch: board.watch,
    },
  });
  const reset = (): void => {
    handlers = usualAnswers;
    asked.length = 0;
    show(board, {});
  };
  return {
    board,
    asked,
    reset,
    answerWith: (some) => {
      handlers = { ...handlers, ...some };
    },
    address: () => `${door.url}/#${door.ticket()}`,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

/** Puts some topics up, and all others as they are usual. */
export function show(board: Board, some: Partial<Board['present']>): void {
  const topics = { ...usualTopics, ...some };
  board.put('about', topics.about);
  board.put('preferences', topics.preferences);
  board.put('offer', topics.offer);
  board.put('update', topics.update);
  board.put('banner', topics.banner);
  board.put('notices', topics.notices);
  board.put('busy', topics.busy);
  board.put('notes', topics.notes);
  board.put('history', topics.history);
  board.put('snapshots', topics.snapshots);
}
