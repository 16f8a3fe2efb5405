/** Carries out one request in the engine's process: opens what it needs, holds the locks, closes everything whatever happens. */
import { mkdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { readRecord } from '../../disk/atomic.ts';
import { takeLock, type Lock } from '../../disk/lock.ts';
import { isFolder, openRemote, type Remote } from '../../download/remote.ts';
import { activate, condemn, settle } from '../../install/activate.ts';
import { stagedGeneration } from '../../install/generations.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../install/layout.ts';
import { prepareRollback, rollBack } from '../../install/rollback.ts';
import { cleanUpAfterGood } from '../../install/clean/cleanup.ts';
import { sweep } from '../../install/clean/tidy.ts';
import { Failed } from '../../model/failure.ts';
import { parseSource, type Generation, type Source } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import { update } from '../engine.ts';
import { installFirst } from '../first.ts';
import { thisMachine, updaterVersion } from '../machine.ts';
import { serveRepair, serveVerify } from './repair.ts';
import { serveSnapshot } from './snapshots.ts';
import type { Request, RequestOf, Results, UpdateResult } from './requests.ts';

/** How long a command waits for another one that works on the same root or instance, unless its request says otherwise. */
const patienceMs = 60_000;

/** Carries out a request and returns its result. */
export async function serve(request: Request, job: Job): Promise<Results[Request['kind']]> {
  const layout = layoutOf(request.root);
  const instance = instanceOf(layout, request.instance);
  if (request.kind === 'verify') return serveVerify({ layout, instance }, job);
  await mkdir(instance.folder, { recursive: true, mode: 0o700 });
  const waitMs = request.waitMs ?? patienceMs;
  await using rootLock = await takeLock(layout.lock, { waitMs }, job);
  await sweep(layout, job);
  const now = request.now === undefined ? new Date() : new Date(request.now);
  const place = { layout, instance, rootLock, waitMs, now };
  switch (request.kind) {
    case 'install':
      return await serveInstall(request, place, job);
    case 'update':
      return await serveUpdate(request, place, job);
    case 'check':
      return await serveCheck(request, place, job);
    case 'unstage':
      return await serveUnstage(place);
    case 'switch':
      return await serveSwitch(place, job);
    case 'rollback':
      return await serveRollback(request, place, job);
    case 'snapshot':
      return await serveSnapshot(request, place, job);
    case 'repair':
      return await serveRepair(request, place, job);
  }
}

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly rootLock: Lock;
  readonly waitMs: number;
  readonly now: Date;
}

async function serveInstall(request: RequestOf<'install'>, place: Place, job: Job): Promise<Results['install']> {
  const { from, caFile = null, pins = [] } = request;
  const beginning = { ...request, urls: typeof from === 'string' ? [from] : from, caFile, pins };
  await using remote = open(beginning);
  const result = await installFirst(beginning, { ...place, remote }, job);
  if (result.kind !== 'staged') throw new Failed('check/no-such-version', `nothing is offered to this machine${reasons(result)}`);
  return { generation: await switchTo(result.generation, place, job), done: result.done };
}

async function serveUpdate(request: RequestOf<'update'>, place: Place, job: Job): Promise<Results['update']> {
  const source = await installedSource(place.layout, request.channel);
  const { from, to, acceptStale = false, acceptBreaking = false, background, data = 'clone' } = request;
  if (acceptStale && (from === null || !isFolder(from))) throw new Failed('usage/wrong', 'only a folder may hold what has expired');
  if (background !== undefined) setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  await using remote = open({ ...source, urls: from === null ? source.urls : [from] }, { ...background, proxy: request.proxy });
  await settle(place);
  const ruledOut = request.withoutPatches ? (['direct', 'two'] as const) : [];
  const upTo = request.dryRun ? 'plan' : 'staged';
  return await update({ to, upTo, ruledOut, why: 'update', data, acceptBreaking }, { ...place, source, remote, acceptStale }, job);
}

async function serveCheck({ channel, proxy, unhurried }: RequestOf<'check'>, place: Place, job: Job): Promise<Results['check']> {
  const source = await installedSource(place.layout, channel);
  await using remote = open(source, { proxy });
  if (unhurried !== undefined) await waitIfAsked(unhurried.says, { ...remote, channel: source.channel }, job);
  await settle(place);
  return await update({ to: null, upTo: 'guess', ruledOut: [], why: 'update' }, { ...place, source, remote }, job);
}

/** Throws `fetch/refused` with the time to wait when the first place asks for patience; it cannot do more, and nothing else that it says counts. */
async function waitIfAsked(
  says: Readonly<Record<string, unknown>>,
  { sources, channel }: Pick<Remote, 'sources'> & Pick<Source, 'channel'>,
  { signal }: Job,
): Promise<void> {
  const { platform, arch } = thisMachine();
  const waitMs = await sources[0]?.knock({ ...says, platform, arch, channel }, signal);
  if (typeof waitMs === 'number') throw new Failed('fetch/refused', 'the server asks to come again later', { retryAfterMs: waitMs });
}

/** The version stays on the machine: whoever changes their mind fetches nothing. */
async function serveUnstage({ instance }: Place): Promise<Results['unstage']> {
  const staged = await stagedGeneration(instance);
  if (staged?.why !== 'update') return { version: null };
  await condemn(staged, new Failed('job/cancelled', 'it was not wanted any more').failure, { instance });
  return { version: staged.version };
}

async function serveSwitch(place: Place, job: Job): Promise<Results['switch']> {
  const staged = await stagedGeneration(place.instance);
  if (staged === null) return { generation: await settle(place) };
  const generation = await switchTo(staged, place, job);
  // Content has proven itself by being switched to.
  if (generation.state === 'good') await cleanUpAfterGood(place, job);
  return { generation };
}

async function serveRollback(request: RequestOf<'rollback'>, place: Place, job: Job): Promise<Results['rollback']> {
  const way = { target: request.to, data: request.data ?? null };
  if (request.underApp === true) return { generation: await prepareRollback(way, { ...place, now: new Date() }, job) };
  await using lock = await takeLock(place.instance.lock, place, job);
  return { generation: await rollBack(way, { ...place, lock }, job) };
}

async function switchTo(staged: Generation, place: Place, job: Job): Promise<Generation> {
  await using lock = await takeLock(place.instance.lock, place, job);
  job.report({ step: 'switch', doneBytes: 0, totalBytes: null });
  return await activate(staged, { ...place, lock }, job);
}

async function installedSource(layout: Layout, channel?: string): Promise<Source> {
  const source = await readRecord(layout.source, parseSource);
  if (source === null) throw new Failed('start/nothing', `nothing is installed in ${layout.root}`);
  return channel === undefined ? source : { ...source, channel };
}

interface Line {
  readonly bytesPerSecond?: number | null | undefined;
  readonly proxy?: string | null | undefined;
}

function open(
  { urls, caFile, pins }: Pick<Source, 'urls' | 'caFile' | 'pins'>,
  { bytesPerSecond = null, proxy = null }: Line = {},
): Remote & AsyncDisposable {
  const environment = proxy === null ? process.env : { ...process.env, https_proxy: proxy, http_proxy: proxy };
  const userAgent = `moult/${updaterVersion}`;
  return openRemote({ urls, pins, bytesPerSecond, environment, userAgent, ...(caFile === null ? {} : { caFile }) });
}

/** Why each offer was passed over, as the end of a sentence. */
function reasons(result: UpdateResult): string {
  if (result.kind !== 'none' || result.passed.length === 0) return '';
  return `: ${result.passed.map(({ version, why }) => `${version}: ${why}`).join('; ')}`;
}
