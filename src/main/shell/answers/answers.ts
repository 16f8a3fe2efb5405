/** Everything that answers, opened together: the ledger, the update service, and what looks at the installation. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../../../updater/model/failure.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import type { Board, Handlers } from '../../contract/serve.ts';
import type { Host, HostKind } from '../../host/host.ts';
import { openLedger } from '../../ledger/ledger.ts';
import { usualPolicyFile } from '../../updates/kept/policy-file.ts';
import { openUpdates, type Clock } from '../../updates/updates.ts';
import type { OpenApplication } from '../application.ts';
import type { Around } from '../around.ts';
import type { Leaving } from '../leaving.ts';
import type { Log } from '../log.ts';
import type { Unsaved } from '../reach/unsaved.ts';
import { aboutHandlers } from './about.ts';
import { exportHandlers } from './export.ts';
import { keepFresh } from './fresh.ts';
import { healthHandlers } from './health.ts';
import { historyHandlers, historyOf } from './past/history.ts';
import { snapshotHandlers, snapshotsOf } from './snapshots.ts';
import type { AnswerTools } from './tools.ts';

/** What answers rest on: where and what runs, its host, the open application, how to leave, and what is written down of it. */
export interface Ground {
  readonly around: Around;
  readonly kind: HostKind;
  readonly running: Generation;
  readonly board: Board;
  readonly opened: OpenApplication;
  readonly leaving: Leaving;
  readonly unsaved: Unsaved;
  readonly log: Log;
}

/** Opens them; the board is true from then on, until they are disposed of. */
export async function openAnswers(ground: Ground, host: Host): Promise<{ readonly handlers: Handlers } & AsyncDisposable> {
  const { around, kind, running, board, opened, leaving, unsaved, log } = ground;
  const { layout, instance } = around;
  const ending = new AbortController();
  const restart = (): void => leaving.ask({ by: 'user', again: true });
  const busy = () => [...(unsaved.isSo() ? (['unsaved'] as const) : []), ...opened.busy()];
  await using opening = new AsyncDisposableStack();
  const ledger = opening.use(await openLedger(instance, clock.now));
  const job = { signal: ending.signal, report: () => undefined };
  const tools: AnswerTools = { layout, instance, running, board, ledger, ask: kind.ask, job };
  const chosen = { clock, chance: Math.random, policyFile: usualPolicyFile(), restart, busy };
  const updates = opening.use(await openUpdates({ place: around, board, ledger, host, ask: kind.ask, ...chosen }));
  opening.use(unsaved.watch(() => void updates.busyChanged()));
  const refresh = async (): Promise<void> => {
    try {
      board.put('history', await historyOf(tools));
      board.put('snapshots', await snapshotsOf(tools));
      await updates.stagedChanged();
    } catch (error) {
      // What cannot be read now shows as it was; it is no reason not to run.
      log.warn('refresh', { failure: failureOf(error) });
    }
  };
  opening.use(await keepFresh([instance.generations, instance.snapshots], refresh));
  opening.defer(() => ending.abort());
  const looking = { ...aboutHandlers(tools), ...healthHandlers(tools) };
  const answers = { ...historyHandlers(tools), ...snapshotHandlers(tools), ...exportHandlers(tools), ...looking };
  // What a command staged a moment ago counts as well.
  const restartNow: Handlers['updates/restart'] = (input) => updates.stagedChanged().then(() => updates.handlers['updates/restart'](input));
  const handlers = { ...opened.handlers, ...updates.handlers, 'updates/restart': restartNow, ...answers, ...ownHandlers(leaving, host) };
  const open = opening.move();
  return { handlers, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** This machine's clocks. */
const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

function ownHandlers(leaving: Leaving, host: Host): Pick<Handlers, 'app/quit' | 'app/show' | 'window/busy'> {
  const quit = async (): Promise<null> => {
    leaving.ask({ by: 'user', again: false });
    return null;
  };
  const show = async (): Promise<null> => {
    await host.show();
    return null;
  };
  // Whoever tells who asks has noted it already.
  return { 'app/quit': quit, 'app/show': show, 'window/busy': async () => null };
}
