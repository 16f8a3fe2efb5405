/** The life of an installation, told chapter by chapter on a recorded disk: what it was promised, and when. */
import { join, resolve } from 'node:path';
import { openNotes } from '../../../src/main/app/notes.ts';
import { placeLauncher } from '../../../src/main/launcher/place.ts';
import { machineClock, patience } from '../../../src/main/supervisor/patience.ts';
import type { News } from '../../../src/main/supervisor/session.ts';
import { supervise } from '../../../src/main/supervisor/supervise.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import type { RequestOf } from '../../../src/updater/engine/process/requests.ts';
import { epochFolder } from '../../../src/updater/install/epoch/record.ts';
import { installedGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import type { Snapshot } from '../../../src/updater/model/application/snapshot.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { readableSnapshots } from '../../../src/updater/store/records.ts';
import { openPublisher, type Contents, type TestPublisher } from '../../ground/publisher.ts';
import { notesOf } from '../../updater/install/epoch/place.ts';
import { installRequest, updateRequest } from '../campaign/ground.ts';
import type { RecordedDisk } from './disk.ts';

/** What holds once a chapter is through: the version that the pointer names, the one that a start ends on, and the notes that its data has. */
export interface Standing {
  readonly points: string | null;
  readonly starts: string | null;
  readonly notes: readonly string[];
}

/** One piece of work. `also` may be named by the pointer in the middle of it. */
interface Chapter {
  readonly name: string;
  readonly also?: string;
  readonly after: Standing;
  work(stage: Stage): Promise<void>;
}

interface Stage {
  readonly root: string;
  readonly publisher: TestPublisher;
  tell(news: News): void;
}

/** A chapter as it was recorded, and the recorder's positions at its beginning and when it was reported done. */
export interface Told extends Omit<Chapter, 'work'> {
  readonly begunAt: number;
  readonly doneAt: number;
}

/** A program that was started: by then its try was counted, and that many were left. */
export interface Tried {
  readonly at: number;
  readonly n: number;
  readonly triesLeft: number;
}

/** Everything that was promised on a disk. */
export interface Promises {
  readonly told: readonly Told[];
  readonly tried: readonly Tried[];
}

/** Publishes 1.0.0, 1.1.0 (which migrates the notes), 1.2.0 (which ends by itself at once) and 1.3.0. */
export async function publishStory(folder: string): Promise<TestPublisher> {
  const publisher = await openPublisher(folder);
  await publisher.release('1.0.0', treeOf(1, wellScript));
  await publisher.release('1.1.0', treeOf(2, wellScript), { patchesFrom: 1 });
  await publisher.release('1.2.0', treeOf(2, '[ "$MOULT_MODE" = run ] && exit 1'), { patchesFrom: 1 });
  await publisher.release('1.3.0', { ...treeOf(2, wellScript), 'news.txt': 'new' }, { patchesFrom: 2 });
  return publisher;
}

/** Lets the first chapters, or all of them, happen on a recorded disk. */
export async function tellStory(publisher: TestPublisher, disk: RecordedDisk, many = chapters.length): Promise<Promises> {
  const told: Told[] = [];
  const tried: Tried[] = [];
  const note = ({ kind, generation }: News): void => {
    if (kind === 'started' && generation?.state === 'trying') tried.push({ at: disk.position(), ...generation });
  };
  for (const { work, ...chapter } of chapters.slice(0, many)) {
    const begunAt = disk.position();
    await work({ root: join(disk.folder, 'root'), publisher, tell: note });
    told.push({ ...chapter, begunAt, doneAt: disk.position() });
  }
  return { told, tried };
}

/** Starts what the records say, everything a hundred times faster, up to the verdict on it. */
export async function tryOut({ root, tell }: Pick<Stage, 'root' | 'tell'>): Promise<void> {
  const layout = layoutOf(root);
  const tools = { layout, instance: instanceOf(layout, 'default'), patience: quick, clock: machineClock, tell };
  await supervise({ isSafe: false, host: null, until: 'verdict' }, tools, quietJob());
}

/** Installs 1.0.0. */
export async function install({ root, publisher }: Pick<Stage, 'root' | 'publisher'>): Promise<void> {
  await serve(installRequest(publisher, root), quietJob());
}

/** Brings a version up to where it waits for the next start. */
export async function update(root: string, version: string): Promise<void> {
  await serve(updateRequest(root, version), quietJob());
}

const quick = { ...patience, tickMs: 20, healthyMs: 150 };

const chapters: readonly Chapter[] = [
  { name: 'first install', after: { points: '1.0.0', starts: '1.0.0', notes: [] }, work: install },
  { name: 'first trial', after: { points: '1.0.0', starts: '1.0.0', notes: [] }, work: tryOut },
  {
    name: 'launcher and a note',
    after: { points: '1.0.0', starts: '1.0.0', notes: ['first'] },
    work: async ({ root }) => {
      const layout = layoutOf(root);
      await placeLauncher({ layout, instance: instanceOf(layout, 'default') }, quietJob());
      await writeNote(root, 'first');
    },
  },
  { name: 'update', after: { points: '1.0.0', starts: '1.1.0', notes: ['first'] }, work: ({ root }) => update(root, '1.1.0') },
  { name: 'migration and trial', after: { points: '1.1.0', starts: '1.1.0', notes: ['first'] }, work: tryOut },
  {
    name: 'a note and a snapshot',
    after: { points: '1.1.0', starts: '1.1.0', notes: ['first', 'second'] },
    work: async ({ root }) => {
      await writeNote(root, 'second');
      await snapshot(root, { kind: 'create', note: 'kept', program: false, rehash: false, keep: 5 });
    },
  },
  {
    name: 'bad update',
    after: { points: '1.1.0', starts: '1.1.0', notes: ['first', 'second'] },
    work: ({ root }) => update(root, '1.2.0'),
  },
  { name: 'bad trial', also: '1.2.0', after: { points: '1.1.0', starts: '1.1.0', notes: ['first', 'second'] }, work: tryOut },
  {
    name: 'rollback to the data of then',
    after: { points: '1.0.0', starts: '1.0.0', notes: ['first'] },
    work: async ({ root }) => {
      await serve({ kind: 'rollback', root, instance: 'default', to: '1.0.0', data: 'restore' }, quietJob());
    },
  },
  { name: 'trial of the old version', after: { points: '1.0.0', starts: '1.0.0', notes: ['first'] }, work: tryOut },
  {
    name: 'restore of the snapshot',
    after: { points: '1.1.0', starts: '1.1.0', notes: ['first', 'second'] },
    work: async ({ root }) => snapshot(root, { kind: 'restore', id: (await keptSnapshot(root)).id }),
  },
  { name: 'trial of the restored version', after: { points: '1.1.0', starts: '1.1.0', notes: ['first', 'second'] }, work: tryOut },
];

async function keptSnapshot(root: string): Promise<Snapshot> {
  const all = await readableSnapshots(instanceOf(layoutOf(root), 'default').snapshots);
  const kept = all.find(({ note }) => note === 'kept');
  if (kept === undefined) throw new Error('the snapshot is gone');
  return kept;
}

async function snapshot(root: string, wish: RequestOf<'snapshot'>['wish']): Promise<void> {
  await serve({ kind: 'snapshot', root, instance: 'default', wish }, quietJob());
}

/** Writes a note as the application does, into the epoch that runs. */
async function writeNote(root: string, text: string): Promise<void> {
  const instance = instanceOf(layoutOf(root), 'default');
  const { epoch, dataVersion } = await installedGeneration(instance);
  using notes = openNotes(join(epochFolder(instance, epoch), 'data', 'notes.db'), dataVersion);
  notes.write(text, new Date());
}

/** The notes application; in mode run a script stands in for it. */
function treeOf(dataVersion: number, script: string): Contents {
  const application = resolve('src/main/app/notes-process.ts');
  return {
    start: { program: `#!/bin/sh\n${script}\nexec '${process.execPath}' '${application}' "$@"\n` },
    'app.json': `{"dataVersion":${dataVersion}}\n`,
    'moult.json': JSON.stringify(notesOf(dataVersion)),
    'steady.bin': Buffer.alloc(60_000, 'steady '),
  };
}

/** Goes through its stages and stays until it is told to end; or its user leaves at once, where that is wished. */
const wellScript = `if [ "$MOULT_MODE" = run ]; then
  for stage in loaded config database service ready; do echo "{\\"stage\\":\\"$stage\\"}" >> "$MOULT_HEALTH"; done
  [ -n "$USER_LEAVES" ] || exec sleep 60
  echo '{"quitting":"user"}' >> "$MOULT_HEALTH"
  exit 0
fi`;
