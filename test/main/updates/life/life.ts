/**
 * A person's life with an installation: the real service, ledger, engine, disk, server and supervisor; only time, chance and
 * the host are replaced. Versions are small shell scripts.
 */
import { join } from 'node:path';
import { setImmediate as soon, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { BuildOptions } from '../../../../build/release/make/options.ts';
import { renewOnline } from '../../../../build/release/publish/renew.ts';
import { serveRepository, type Serving } from '../../../../build/release/server/serve.ts';
import type { Board } from '../../../../src/main/contract/serve.ts';
import { parseInput, type Answers, type Question } from '../../../../src/main/contract/commands.ts';
import { openLedger, type Ledger } from '../../../../src/main/ledger/ledger.ts';
import { machineClock, patience } from '../../../../src/main/supervisor/patience.ts';
import type { Ending } from '../../../../src/main/supervisor/session.ts';
import { supervise } from '../../../../src/main/supervisor/supervise.ts';
import { openUpdates, type Updates } from '../../../../src/main/updates/updates.ts';
import { askEngine, type AskEngine } from '../../../../src/updater/engine/process/client.ts';
import { parseRequest, parseResult } from '../../../../src/updater/engine/process/requests.ts';
import { serve } from '../../../../src/updater/engine/process/serve.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { mayFollow, type UpdateState } from '../../../../src/updater/model/application/state.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { openPublisher, type Contents, type TestPublisher } from '../../../ground/publisher.ts';
import { openFirstBoard } from './board.ts';
import { openPerson, type Person } from './person.ts';
import { startClock, type TestClock } from './time.ts';

/** A program that is well in every mode, and one that ends at once when it runs. */
export const well = 'for s in loaded config database service ready; do said $s; done; [ "$MOULT_MODE" = run ] && exec sleep 60; exit 0';
export const fails = `[ "$MOULT_MODE" = run ] && exit 1; ${well}`;

/** The tree of a version, with the data versions that it can migrate to. */
export function programOf(script: string, dataVersion = 1, migrations: readonly number[] = [1]): Contents {
  return {
    app: {
      program: `#!/bin/sh\nsaid() { printf '{"stage":"%s"}\\n' "$1" >> "$MOULT_HEALTH"; }\n[ "$MOULT_MODE" = migrate ] && exit 0\n${script}\n`,
    },
    'moult.json': JSON.stringify({ entry: { program: 'app', args: [] }, dataVersion, data: { state: ['data'], migrations } }),
  };
}

/** One installation and everybody around it. */
export interface Life extends AsyncDisposable {
  readonly clock: TestClock;
  readonly person: Person;
  readonly publisher: TestPublisher;
  readonly place: Parameters<typeof openUpdates>[0]['place'];
  /** The kinds of state that the window saw, in order. */
  readonly states: UpdateState['kind'][];
  board(): Board;
  ledger(): Ledger;
  /** How often the service asked to be started again. */
  restarts(): number;
  busy: ('unsaved' | 'job')[];
  /** Publishes a version, signed now. */
  release(version: string, options?: Partial<BuildOptions>, contents?: Contents): Promise<unknown>;
  /** Lets time go by, step by step, with everything that falls due on the way. */
  pass(ms: number): Promise<void>;
  /** Waits until nothing is under way. */
  settle(): Promise<void>;
  /** Asks as a window does; a failure is thrown. */
  ask<Name extends keyof Updates['handlers']>(name: Name, input: Question<Name>): Promise<Answers[Name]>;
  /** The program ends and is started again: whatever waits is tried. */
  restart(): Promise<Ending>;
  /** The program ends. */
  close(): Promise<void>;
  /** The publisher signs its online metadata anew. */
  renew(): Promise<unknown>;
  readonly server: { stop(): Promise<void>; start(): Promise<void> };
  /** How the engine is asked, which a test may get in the way of. */
  readonly engine: { ask: AskEngine };
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Begins a life with version 1.0.0, installed from a server. */
export async function beginLife(folder: string, born = new Date('2026-03-02T09:00:00Z')): Promise<Life> {
  const clock = startClock(born);
  const publisher = await openPublisher(folder, () => clock.now());
  await publisher.release('1.0.0', programOf(well));
  let serving: Serving | null = await serveRepository({ repo: publisher.repo });
  const { url } = serving;
  const layout = layoutOf(join(folder, 'root'));
  const place = { layout, instance: instanceOf(layout, 'default') };
  const where = { root: layout.root, instance: 'default', now: clock.now().toISOString() };
  await askEngine(
    { kind: 'install', ...where, from: url, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable', version: null },
    quietJob(),
  );
  const person = openPerson();
  const states: UpdateState['kind'][] = [];
  let asks = 0;
  let restarts = 0;
  const engine = { ask: askSomewhere };
  const counted: AskEngine = async (request, job) => {
    asks += 1;
    try {
      return await engine.ask(request, job);
    } finally {
      asks -= 1;
    }
  };
  let open: { board: Board; ledger: Ledger; updates: Updates } | null = null;

  const start = async (): Promise<void> => {
    const board = watched(openFirstBoard(), states);
    const ledger = await openLedger(place.instance, () => clock.now());
    const tools = { place, board, ledger, host: person.host, ask: counted, clock, policyFile: join(folder, 'policy.json') };
    const updates = await openUpdates({ ...tools, chance: () => 0.5, restart: () => void (restarts += 1), busy: () => life.busy });
    open = { board, ledger, updates };
  };
  const stop = async (): Promise<void> => {
    await open?.updates[Symbol.asyncDispose]();
    open?.ledger[Symbol.dispose]();
    open = null;
  };
  const running = () => {
    if (open === null) throw new Error('it does not run');
    return open;
  };
  const tryOut = async (): Promise<Ending> => {
    const quick = { ...patience, tickMs: 20, stageMs: 20_000, healthyMs: 200, settleMs: 100 };
    const wall = { ...machineClock, wall: () => clock.now() };
    const ending = await supervise(
      { isSafe: false, host: null, until: 'verdict' },
      { ...place, patience: quick, clock: wall, tell: () => undefined },
      quietJob(),
    );
    await start();
    person.signal('usable');
    await life.settle();
    return ending;
  };
  const isQuiet = (): boolean => {
    const { update } = running().board.present;
    const isUnderWay = update.kind === 'checking' || (update.kind === 'preparing' && !update.isPaused);
    return asks === 0 && !isUnderWay && clock.nextMs() !== null;
  };
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3;) {
      if (open !== null && isQuiet()) {
        // What has just ended leads to a turn before the next round of the event loop.
        await soon();
        quiet += 1;
      } else {
        quiet = 0;
        await sleep(2);
      }
    }
  };
  const life: Life = {
    clock,
    person,
    publisher,
    place,
    states,
    engine,
    busy: [],
    board: () => running().board,
    ledger: () => running().ledger,
    restarts: () => restarts,
    release: (version, options = {}, contents = programOf(well)) =>
      publisher.release(version, { ...contents, 'version.txt': version }, { patchesFrom: 0, ...options }),
    settle,
    pass: async (ms) => {
      const until = clock.monotonicMs() + ms;
      for (;;) {
        await settle();
        const next = clock.nextMs();
        if (next === null || next > until) break;
        clock.goTo(next);
      }
      clock.goTo(until);
      await settle();
    },
    ask: (name, input) => running().updates.handlers[name](parseInput(name, input)),
    renew: () => renewOnline({ repo: publisher.repo, keys: publisher.keys, now: clock.now() }, quietJob()),
    close: stop,
    restart: async () => {
      await stop();
      return tryOut();
    },
    server: {
      stop: async () => {
        await serving?.close();
        serving = null;
      },
      start: async () => {
        serving ??= await serveRepository({ repo: publisher.repo, port: Number(new URL(url).port) });
      },
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await serving?.close();
    },
  };
  await tryOut();
  return life;
}

/** A process for each of hundreds of checks would take minutes: they are asked of an engine in this one. Whatever changes something gets its own. */
const askSomewhere: AskEngine = async (request, job) =>
  request.kind === 'check' ? parseResult(request, await serve(parseRequest(structuredClone(request)), job)) : askEngine(request, job);

/** A board whose states follow each other as they may. */
function watched(board: Board, states: UpdateState['kind'][]): Board {
  board.watch((line) => {
    if (line.topic !== 'update') return;
    const before = states.at(-1);
    states.push(line.value.kind);
    if (before !== undefined && line.value.kind !== 'idle')
      expect([before, line.value.kind, mayFollow(before, line.value.kind)]).toContain(true);
  });
  return board;
}
