/**
 * The shell: what an application runs in, on any host. It opens the application, lets windows and commands in, and leaves when
 * its user, the session or its supervisor wishes.
 *
 * Stages are told in the order of the boot contract; each is true when it is told. What is opened later is closed earlier.
 */
import { join } from 'node:path';
import type { Generation } from '../../updater/model/generation.ts';
import { answer, type Board, type Contract, type Handlers } from '../contract/serve.ts';
import { openDoor } from '../host/door/door.ts';
import type { Host, HostKind } from '../host/host.ts';
import { aboutHandlers, aboutOf } from './answers/about.ts';
import { exportHandlers } from './answers/export.ts';
import { keepFresh } from './answers/fresh.ts';
import { historyHandlers, historyOf, runningGeneration } from './answers/history.ts';
import { snapshotHandlers, snapshotsOf } from './answers/snapshots.ts';
import type { AnswerTools } from './answers/tools.ts';
import { updatesLater } from './answers/updates-later.ts';
import type { Application, OpenApplication, Reach } from './application.ts';
import { sayHealth, type Around } from './around.ts';
import { openFirstBoard } from './board.ts';
import { openLeaving, type Leave, type Leaving } from './leaving.ts';
import { countRequests } from './requests.ts';
import { openUnsaved, type Unsaved } from './unsaved.ts';

/** Runs an application until it is left. Throws what keeps it from starting. */
export async function runShell(application: Application, around: Around, kind: HostKind): Promise<void> {
  sayHealth(around, { stage: 'loaded' });
  using leaving = openLeaving();
  const running = await runningGeneration(around, around.generation);
  const board = openFirstBoard(await aboutOf(around, running, kind));
  await using opened = await application.open(around, reachOf(around, board));
  const leave = await serve({ around, kind, running, board, opened, leaving });
  await opened.quiesce();
  if (leave.by !== null) sayHealth(around, { quitting: leave.by, ...(leave.again ? { again: true } : {}) });
}

interface Parts {
  readonly around: Around;
  readonly kind: HostKind;
  readonly running: Generation;
  readonly board: Board;
  readonly opened: OpenApplication;
  readonly leaving: Leaving;
}

/** Everything between an open application and the wish to leave. */
async function serve(parts: Parts): Promise<Leave> {
  const { around, kind, running, board, opened, leaving } = parts;
  const { layout, instance } = around;
  const stopping = new AbortController();
  const unsaved = openUnsaved(() => board.put('busy', { reasons: reasons() }));
  const reasons = () => [...(unsaved.isSo() ? (['unsaved'] as const) : []), ...opened.busy()];
  const whole = Promise.withResolvers<Handlers>();
  const contract = contractOf(whole.promise, unsaved, parts);
  await using door = await openDoor({ contract, pages: kind.kind === 'browser' ? pagesFolder() : null });
  const profile = join(around.epoch, 'profile', kind.kind);
  await using host = await kind.open({ contract, door, profile, scratch: join(instance.folder, 'window') });
  const tools: AnswerTools = {
    layout,
    instance,
    running,
    board,
    ask: kind.ask,
    job: { signal: stopping.signal, report: () => undefined },
  };
  await using _ = await keepFresh([instance.generations, instance.snapshots], async () => {
    board.put('history', await historyOf(tools, () => ({ by: null, wireBytes: null })));
    board.put('snapshots', await snapshotsOf(tools));
  });
  whole.resolve({
    ...opened.handlers,
    ...historyHandlers(tools),
    ...snapshotHandlers(tools),
    ...exportHandlers(tools),
    ...aboutHandlers(tools),
    ...updatesLater,
    'window/busy': async () => null,
    'app/quit': async () => {
      leaving.ask({ by: 'user', again: false });
      return null;
    },
  });
  await showWindow(host, parts);
  const leave = await leaving.asked;
  stopping.abort();
  return leave;
}

/** What windows and commands reach. Which window is busy is known here only: a handler does not learn who asked. */
function contractOf(whole: Promise<Handlers>, unsaved: Unsaved, { around, board }: Parts): Contract {
  const count = countRequests(around);
  return {
    ask: async (name, input, from) => {
      const handlers = await whole;
      const busy: Handlers['window/busy'] = async ({ isBusy }) => {
        unsaved.note(from, isBusy);
        return null;
      };
      return count(await answer({ ...handlers, 'window/busy': busy }, name, input));
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

/** Shows the window; ready is what was seen to work. The end of all windows, or of the session, ends the shell. */
async function showWindow(host: Host, { around, leaving }: Pick<Parts, 'around' | 'leaving'>): Promise<void> {
  const shown = Promise.withResolvers<'page' | 'service'>();
  host.watch((signal) => {
    if (signal === 'usable') shown.resolve('page');
    if (signal === 'unshown') shown.resolve('service');
    if (signal === 'windows-gone') leaving.ask({ by: 'user', again: false });
    if (signal === 'session-ends') leaving.ask({ by: 'session', again: false });
  });
  await host.show();
  const left = leaving.asked.then(() => null);
  const stage = await Promise.race([shown.promise, left]);
  if (stage === null) return;
  sayHealth(around, { stage });
  sayHealth(around, { stage: 'ready' });
}

function reachOf(around: Around, board: Board): Reach {
  return {
    stage: (stage) => sayHealth(around, { stage }),
    unhealthy: (why) => sayHealth(around, { unhealthy: why }),
    changed: () => board.put('notes', { revision: board.present.notes.revision + 1 }),
  };
}

/** Where the window's files are: beside the compiled sources, or in the checkout where those run as they are. */
function pagesFolder(): string {
  return join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../../../dist/renderer' : '../../../renderer');
}
