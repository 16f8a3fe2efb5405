/** The snapshots of this instance, by the engine; the program goes on while one is made. */
import { listVersions } from '../../../updater/install/versions.ts';
import { bytesBelow } from '../../../updater/disk/space.ts';
import type { Layout } from '../../../updater/install/layout.ts';
import type { RequestOf, SnapshotResult } from '../../../updater/engine/process/requests.ts';
import type { Snapshot } from '../../../updater/model/application/snapshot.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { readableSnapshots } from '../../../updater/store/records.ts';
import type { Handlers } from '../../contract/serve.ts';
import type { Topics } from '../../contract/topics.ts';
import type { SnapshotRow } from '../../contract/views.ts';
import type { AnswerTools } from './tools.ts';

/** Every snapshot that can be read, newest first, and what all contents take on the disk. */
export async function snapshotsOf({ layout, instance }: Pick<AnswerTools, 'layout' | 'instance'>): Promise<Topics['snapshots']> {
  const here = await digestsHere(layout);
  const rows = (await readableSnapshots(instance.snapshots)).toReversed().map((snapshot) => rowOf(snapshot, here));
  return { rows, usedBytes: await bytesBelow(layout.objects) };
}

/** The commands about them. A restore prepares only: the next start switches. */
export function snapshotHandlers(
  tools: AnswerTools,
): Pick<Handlers, 'snapshots/create' | 'snapshots/restore' | 'snapshots/delete' | 'snapshots/pin'> {
  const { running, ledger } = tools;
  return {
    'snapshots/create': async ({ note }) => {
      const keep = tools.board.present.preferences.values.keepSnapshots;
      const result = await wish({ kind: 'create', note, program: false, rehash: false, keep }, tools);
      if (result.did !== 'create') throw unexpected(result);
      const { id, generation } = result.snapshot;
      ledger.note({ kind: 'snapshot', from: running.version, to: running.version, generation, snapshot: id, by: 'user' });
      return rowOf(result.snapshot, await digestsHere(tools.layout));
    },
    'snapshots/restore': async ({ id }) => {
      const result = await wish({ kind: 'restore', id }, tools);
      if (result.did !== 'restore') throw unexpected(result);
      const { version, n } = result.generation;
      ledger.note({ kind: 'rollback', from: running.version, to: version, generation: n, snapshot: id, by: 'user' });
      return { kind: 'staged', version, generation: n };
    },
    'snapshots/delete': async ({ id }) => {
      await wish({ kind: 'delete', id }, tools);
      return null;
    },
    'snapshots/pin': async ({ id, pinned }) => {
      await wish({ kind: 'pin', id, pinned }, tools);
      return null;
    },
  };
}

function wish(wish: RequestOf<'snapshot'>['wish'], { layout, instance, ask, job }: AnswerTools): Promise<SnapshotResult> {
  return ask<'snapshot'>({ kind: 'snapshot', root: layout.root, instance: instance.name, underApp: true, wish }, job);
}

async function digestsHere(layout: Layout): Promise<ReadonlySet<string>> {
  return new Set((await listVersions(layout)).map(({ treeDigest }) => treeDigest));
}

function rowOf(
  { id, createdAt, kind, note, pinned, version, generation, size, treeDigest }: Snapshot,
  here: ReadonlySet<string>,
): SnapshotRow {
  return { id, createdAt, kind, note, pinned, version, generation, bytes: size, isHere: here.has(treeDigest) };
}

function unexpected({ did }: SnapshotResult): Failed {
  return new Failed('bug/unexpected', `the engine answered with ${did}`);
}
