/** One update, as a straight line. What is true on disk after each line stands at the head of the file that the line calls. */
import { writeRecord } from '../disk/atomic.ts';
import { freeBytes } from '../disk/space.ts';
import { versionsOnHold } from '../install/checks/hold.ts';
import { dropWithdrawn, recalled } from '../install/checks/way-back.ts';
import { estimateData } from '../install/epoch/aside/estimate.ts';
import { currentGeneration, stagedGeneration, stageGeneration } from '../install/generations.ts';
import type { Instance } from '../install/layout.ts';
import { cleanUp } from '../install/clean/cleanup.ts';
import { tidy } from '../install/clean/tidy.ts';
import type { Generation, Reason } from '../model/generation.ts';
import { Failed } from '../model/failure.ts';
import { timed, type Job } from '../model/job.ts';
import type { Manifest } from '../model/manifest.ts';
import { timeText } from '../model/parse.ts';
import { findRelease, refuseWithdrawn, type Asking, type Found, type Release } from './check.ts';
import { makeVersion } from './make.ts';
import { effectOf, planUpdate, type RouteKind } from './plan.ts';
import { aboutOf } from './process/about.ts';
import type { News, UpdateResult } from './process/requests.ts';
import { takeStock } from './stock.ts';

/** What an update works with: the shared folders, the source, and one instance. */
export interface Tools extends Asking {
  readonly instance: Instance;
}

/**
 * What is wanted: the offer that fits or exactly version `to`; all of it, only its plan, or only a guess at it for which nothing is
 * hashed; by which routes not; what the new version's data begins as.
 */
export interface Wish {
  readonly to: string | null;
  readonly upTo: 'staged' | 'plan' | 'guess';
  readonly ruledOut: readonly RouteKind[];
  readonly why: Reason;
  readonly data?: Generation['data'];
  /** Whether the person has agreed to what breaks. */
  readonly acceptBreaking?: boolean;
}

/** Brings the newest fitting release (or `wish.to`) onto this machine, up to a staged generation, and tidies up. The running version is only read. */
export async function update(wish: Wish, tools: Tools, job: Job): Promise<UpdateResult> {
  const result = await bring(wish, tools, job);
  if (wish.upTo !== 'staged') return result;
  await tidy(tools.layout, new Set());
  await cleanUp(tools);
  return result;
}

async function bring(wish: Wish, tools: Tools, outerJob: Job): Promise<UpdateResult> {
  const watch = timed(outerJob, () => performance.now());
  const { job } = watch;
  const { layout, instance, now } = tools;
  const running = await currentGeneration(instance);
  const found = await findRelease(
    tools,
    { version: running?.version ?? null, exact: wish.to, held: await versionsOnHold(instance, now) },
    job,
  );
  const { release, passed } = found;
  const current = running?.version ?? null;
  const news = await newsOf(found, tools);
  if (release === null) return { kind: 'none', current, passed, news };
  const { manifest } = release;
  const staged = await stagedGeneration(instance);
  if (staged?.treeDigest === manifest.tree.digest) return { kind: 'staged', current, generation: staged, done: null, news };
  const stock = await takeStock(manifest, { running, layout, found, ruledOut: wish.ruledOut, isGuess: wish.upTo === 'guess' }, job);
  const plan = planUpdate(manifest, stock.have, wish.ruledOut);
  if (wish.upTo !== 'staged') return { kind: 'planned', current, plan, passed, news, ...(await tell(release, running, tools)) };
  refuseUndecided(wish, manifest);
  const made = await makeVersion(plan, { ...tools, release, stock, running, ruledOut: wish.ruledOut }, job);
  await refuseWithdrawn(tools, manifest.version, job);
  const { why, data = 'clone' } = wish;
  const generation = await stageGeneration(instance, manifest, { why, now, tries: manifest.health.tries, data });
  return {
    kind: 'staged',
    current,
    generation,
    news,
    done: { ...made, wireBytes: tools.remote.receivedBytes(), milliseconds: watch.milliseconds() },
  };
}

/** Nothing that breaks something comes by itself (E6); a first installation has nothing to break. */
function refuseUndecided({ acceptBreaking = false, why }: Wish, { version, breaking }: Manifest): void {
  const [first] = breaking;
  if (first === undefined || acceptBreaking || why === 'install') return;
  throw new Failed('switch/breaking', `${version}: ${first.what}${breaking.length > 1 ? `, and ${breaking.length - 1} more` : ''}`);
}

/** What whoever decides is told of a release, and what it would cost. */
async function tell({ manifest, isSteppingStone }: Release, running: Generation | null, { layout, instance }: Tools) {
  const dataCost = running === null ? null : await estimateData(instance, manifest, running);
  const about = aboutOf(manifest, running, { freeBytes: await freeBytes(layout.root), isSteppingStone });
  return { version: manifest.version, effect: effectOf(manifest, running), about, dataCost };
}

/** Carries out what was withdrawn, and writes the check down for whoever asks for the status. */
async function newsOf({ release, withdrawn, dated }: Found, { layout, instance, now }: Tools): Promise<News> {
  await dropWithdrawn(instance, withdrawn);
  const news = { ...dated, recalled: await recalled(layout, instance, withdrawn) };
  await writeRecord(layout.checked, { at: timeText(now), offered: release?.manifest.version ?? null, recalled: news.recalled });
  return news;
}
