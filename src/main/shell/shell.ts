/**
 * The shell: what an application runs in, on any host. It opens the application, lets windows and commands in, and leaves when
 * its user, the session or its supervisor wishes.
 *
 * Stages are told in the order of the boot contract; each is true when it is told. What is opened later is closed earlier.
 */
import { join } from 'node:path';
import type { Board, Handlers } from '../contract/serve.ts';
import { openDoor } from '../host/door/door.ts';
import type { Host, HostKind } from '../host/host.ts';
import { aboutOf } from './answers/about.ts';
import { openAnswers, type Ground } from './answers/answers.ts';
import { runningGeneration } from './answers/past/history.ts';
import type { Application, Reach } from './application.ts';
import { sayHealth, type Around } from './around.ts';
import { openFirstBoard } from './answers/board.ts';
import { contractOf } from './reach/contract.ts';
import { openLeaving } from './leaving.ts';
import { openLog, type Log } from './log.ts';
import { announce } from './reach/running.ts';
import { openUnsaved } from './reach/unsaved.ts';

/** Runs an application until it is left. Throws what keeps it from starting. */
export async function runShell(application: Application, around: Around, kind: HostKind): Promise<void> {
  sayHealth(around, { stage: 'loaded' });
  using leaving = openLeaving();
  const running = await runningGeneration(around, around.generation);
  const board = openFirstBoard(await aboutOf(around, running, kind));
  const log = openLog(around.instance);
  log.note('started', { application: application.name, version: running.version, generation: running.n, host: kind.kind });
  using _ = noteStates(board, log);
  await using opened = await application.open(around, reachOf(around, board));
  await letIn({ around, kind, running, board, opened, leaving, unsaved: openUnsaved(), log });
  const { by, again } = await leaving.asked;
  log.note('leaving', { by, again });
  await opened.quiesce();
  if (by !== null) sayHealth(around, { quitting: by, ...(again ? { again: true } : {}) });
}

/** Lets windows and commands in until somebody wishes to leave. A question that comes before everything is open waits. */
async function letIn(ground: Ground): Promise<void> {
  const { around, kind, leaving } = ground;
  const { promise: whole, resolve: complete } = Promise.withResolvers<Handlers>();
  const contract = contractOf(whole, ground);
  await using door = await openDoor({ contract, pages: kind.kind === 'browser' ? pagesFolder() : null });
  const profile = join(around.epoch, 'profile', kind.kind);
  await using host = await kind.open({ contract, door, profile, scratch: join(around.instance.folder, 'window') });
  await using answers = await openAnswers(ground, host);
  complete(answers.handlers);
  await using _ = await announce(around.instance, door);
  await show(host, ground);
  await leaving.asked;
}

/** Shows the window; what was seen to work is told. The end of all windows, or of the session, ends the shell. */
async function show(host: Host, { around, leaving }: Ground): Promise<void> {
  const shown = Promise.withResolvers<'page' | 'service' | null>();
  host.watch((signal) => {
    if (signal === 'usable') shown.resolve('page');
    if (signal === 'unshown') shown.resolve('service');
    if (signal === 'windows-gone') leaving.ask({ by: 'user', again: false });
    if (signal === 'session-ends') leaving.ask({ by: 'session', again: false });
  });
  void leaving.asked.then(() => shown.resolve(null));
  await host.show();
  const stage = await shown.promise;
  if (stage === null) return;
  sayHealth(around, { stage });
  sayHealth(around, { stage: 'ready' });
}

/** Where an update got to, for whoever helps. */
function noteStates(board: Board, log: Log): Disposable {
  let before = '';
  return board.watch((line) => {
    if (line.topic !== 'update' || line.value.kind === before) return;
    before = line.value.kind;
    log.note('update', { state: before, ...('version' in line.value ? { version: line.value.version } : {}) });
  });
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
