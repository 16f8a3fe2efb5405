/** What the records on disk know of an instance's past, written into its ledger where that does not know it. */
import type Database from 'better-sqlite3';
import { listGenerations } from '../../updater/install/generations.ts';
import type { Instance } from '../../updater/install/layout.ts';
import type { Generation } from '../../updater/model/generation.ts';
import type { Snapshot } from '../../updater/model/application/snapshot.ts';
import { readableSnapshots } from '../../updater/store/records.ts';
import type { LedgerEvent } from './event.ts';

type Learnt = Omit<LedgerEvent, 'id' | 'by' | 'bytes' | 'what'>;

/** Adds updates, rollbacks, trials and snapshots that are missing, and the verdicts of trials. One transaction; safe to repeat. */
export async function learn(database: Database.Database, instance: Instance): Promise<void> {
  const generations = await listGenerations(instance);
  const snapshots = await readableSnapshots(instance.snapshots);
  const events = [...generations.flatMap((generation) => eventsOf(generation, generations)), ...snapshots.map(eventOf)];
  const known = database.prepare(
    "SELECT id FROM events WHERE kind = @kind AND generation IS @generation AND (@kind <> 'snapshot' OR snapshot = @snapshot)",
  );
  const insert = database.prepare(
    `INSERT INTO events (kind, from_version, to_version, generation, snapshot, started_at, finished_at, status, error)
     VALUES (@kind, @from, @to, @generation, @snapshot, @startedAt, @finishedAt, @status, @error)`,
  );
  const judge = database.prepare(
    `UPDATE events SET status = @status, finished_at = @finishedAt, error = @error
     WHERE kind = 'trial' AND generation = @generation AND status IN ('running', 'cut')`,
  );
  database.transaction(() => {
    for (const event of events.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
      const row = { ...event, error: event.error === null ? null : JSON.stringify(event.error) };
      if (known.get(row) === undefined) insert.run(row);
      else if (event.kind === 'trial') judge.run(row);
    }
  })();
}

function eventsOf(generation: Generation, all: readonly Generation[]): readonly Learnt[] {
  const { n, version, why, createdAt, startedAt, confirmedAt, state, failure } = generation;
  const from = all.find((other) => other.n === generation.previous)?.version ?? null;
  const base = { from, to: version, generation: n, snapshot: null, error: null };
  const kind = why === 'repair' ? 'repair' : why === 'rollback' || why === 'restore' ? 'rollback' : 'update';
  const made: Learnt = { ...base, kind, startedAt: createdAt, finishedAt: createdAt, status: 'done' };
  if (startedAt === null) return [made];
  const status = state === 'good' ? 'done' : state === 'bad' ? 'failed' : 'running';
  return [made, { ...base, kind: 'trial', startedAt, finishedAt: confirmedAt, status, error: failure }];
}

function eventOf({ id, version, generation, createdAt }: Snapshot): Learnt {
  const made = { startedAt: createdAt, finishedAt: createdAt, status: 'done', error: null } as const;
  return { ...made, kind: 'snapshot', from: version, to: version, generation, snapshot: id };
}
