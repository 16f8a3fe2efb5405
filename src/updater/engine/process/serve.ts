/** Carries out one request in the engine's process: opens what it needs, holds the locks, closes everything whatever happens. */
import { mkdir } from 'node:fs/promises';
import { readRecord } from '../../disk/atomic.ts';
import { takeLock, type Lock } from '../../disk/lock.ts';
import { isFolder, openRemote, type Remote } from '../../download/remote.ts';
import { activate, settle } from '../../install/activate.ts';
import { stagedGeneration } from '../../install/generations.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../install/layout.ts';
import { rollBack } from '../../install/rollback.ts';
import { cleanUpAfterGood } from '../../install/clean/cleanup.ts';
import { sweep } from '../../install/clean/tidy.ts';
import { Failed } from '../../model/failure.ts';
import { parseSource, type Generation, type Source } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import { update } from '../engine.ts';
import { installFirst } from '../first.ts';
import { updaterVersion } from '../machine.ts';
import { serveSnapshot } from './snapshots.ts';
import type { Request, RequestOf, Results, UpdateResult } from './requests.ts';

/** How long a command waits for another one that works on the same root or instance, unless its request says otherwise. */
const patienceMs = 60_000;

/** Carries out a request and returns its result. */
export async function serve(request: Request, job: Job): Promise<Results[Request['kind']]> {
  const layout = layoutOf(request.root);
  const instance = instanceOf(layout, request.instance);
  await mkdir(instance.folder, { recursive: true });
  const waitMs = request.waitMs ?? patienceMs;
  await using rootLock = await takeLock(layout.lock, { waitMs }, job);
  await sweep(layout, job);
  const place = { layout, instance, rootLock, waitMs };
  switch (request.kind) {
    case 'install':
      return await serveInstall(request, place, job);
    case 'update':
      return await serveUpdate(request, place, job);
    case 'switch':
      return await serveSwitch(place, job);
    case 'rollback':
      return await serveRollback(request, place, job);
    case 'snapshot':
      return await serveSnapshot(request, place, job);
  }
}

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly rootLock: Lock;
  readonly waitMs: number;
}

async function serveInstall(request: RequestOf<'install'>, place: Place, job: Job): Promise<Results['install']> {
  const { from, caFile = null, pins = [] } = request;
  const beginning = { ...request, urls: typeof from === 'string' ? [from] : from, caFile, pins };
  await using remote = open(beginning);
  const result = await installFirst(beginning, { ...place, remote, now: new Date() }, job);
  if (result.kind !== 'staged') throw new Failed('check/no-such-version', `nothing is offered to this machine${reasons(result)}`);
  return { generation: await switchTo(result.generation, place, job), done: result.done };
}

async function serveUpdate(request: RequestOf<'update'>, place: Place, job: Job): Promise<Results['update']> {
  const source = await installedSource(place.layout);
  const { from, acceptStale = false } = request;
  if (acceptStale && (from === null || !isFolder(from))) throw new Failed('usage/wrong', 'only a folder may hold what has expired');
  await using remote = open({ ...source, urls: from === null ? source.urls : [from] });
  await settle({ ...place, now: new Date() });
  const ruledOut = request.withoutPatches ? (['direct', 'two'] as const) : [];
  return await update(
    { to: request.to, dryRun: request.dryRun, ruledOut, why: 'update' },
    { ...place, source, remote, acceptStale, now: new Date() },
    job,
  );
}

async function serveSwitch(place: Place, job: Job): Promise<Results['switch']> {
  const staged = await stagedGeneration(place.instance);
  if (staged === null) return { generation: await settle({ ...place, now: new Date() }) };
  const generation = await switchTo(staged, place, job);
  // Content has proven itself by being switched to.
  if (generation.state === 'good') await cleanUpAfterGood({ ...place, now: new Date() }, job);
  return { generation };
}

async function serveRollback(request: RequestOf<'rollback'>, place: Place, job: Job): Promise<Results['rollback']> {
  await using lock = await takeLock(place.instance.lock, place, job);
  return { generation: await rollBack({ target: request.to, data: request.data ?? null }, { ...place, lock, now: new Date() }, job) };
}

async function switchTo(staged: Generation, place: Place, job: Job): Promise<Generation> {
  await using lock = await takeLock(place.instance.lock, place, job);
  job.report({ step: 'switch', doneBytes: 0, totalBytes: null });
  return await activate(staged, { ...place, lock, now: new Date() }, job);
}

async function installedSource(layout: Layout): Promise<Source> {
  const source = await readRecord(layout.source, parseSource);
  if (source === null) throw new Failed('start/nothing', `nothing is installed in ${layout.root}`);
  return source;
}

function open({ urls, caFile, pins }: Pick<Source, 'urls' | 'caFile' | 'pins'>): Remote & AsyncDisposable {
  return openRemote({ urls, pins, userAgent: `moult/${updaterVersion}`, ...(caFile === null ? {} : { caFile }) });
}

/** Why each offer was passed over, as the end of a sentence. */
function reasons(result: UpdateResult): string {
  if (result.kind !== 'none' || result.passed.length === 0) return '';
  return `: ${result.passed.map(({ version, why }) => `${version}: ${why}`).join('; ')}`;
}
