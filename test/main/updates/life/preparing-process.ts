/** A program that is told to update to what is on offer, says so to its parent at the first byte, and goes on until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openFirstBoard } from './board.ts';
import { openLedger } from '../../../../src/main/ledger/ledger.ts';
import { openUpdates } from '../../../../src/main/updates/updates.ts';
import { askEngine } from '../../../../src/updater/engine/process/client.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { openPerson } from './person.ts';

const layout = layoutOf(process.argv[2] ?? '');
const place = { layout, instance: instanceOf(layout, 'default') };
const board = openFirstBoard();
const clock = {
  now: () => new Date('2026-03-02T09:30:00Z'),
  monotonicMs: () => performance.now(),
  wait: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
};
const tools = { place, board, clock, host: openPerson().host, ask: askEngine, policyFile: '/nowhere' };
const ledger = await openLedger(place.instance, clock.now);
const updates = await openUpdates({ ...tools, ledger, chance: Math.random, restart: () => undefined, busy: () => [] });
board.watch(({ topic, value }) => {
  if (topic === 'update' && value.kind === 'preparing' && value.progress.step === 'download') process.send?.('it downloads');
});
const { offer } = board.present;
await updates.handlers['updates/decide']({ version: offer?.version ?? '', decision: 'now', hours: 24 });
