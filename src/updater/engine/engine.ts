/** One update, as a straight line. What is true on disk after each line stands at the head of the file that the line calls. */
import { writeRecord } from '../disk/atomic.ts';
import { versionsOnHold } from '../install/checks/hold.ts';
import { dropWithdrawn, recalled } from '../install/checks/way-back.ts';
import { estimateData } from '../install/epoch/aside/estimate.ts';
import { currentGeneration, stagedGeneration, stageGeneration } from '../install/generations.ts';
import type { Instance } from '../install/layout.ts';
import { cleanUp } from '../install/clean/cleanup.ts';
import { tidy } from '../install/clean/tidy.ts';
import type { Reason } from '../model/generation.ts';
import { timed, type Job } from '../model/job.ts';
import { timeText } from '../model/parse.ts';
import { findRelease, refuseWithdrawn, type Asking, type Found } from './check.ts';
import { makeVersion } from './make.ts';
import { effectOf, planUpdate, type RouteKind } from './plan.ts';
import type { News, UpdateResult } from './process/requests.ts';
import { takeStock } from './stock.ts';

/** What an update works with: the shared folders, the source, and one instance. */
export interface Tools extends Asking {
  readonly instance: Instance;
}

/** What is wanted: the offer that fits or exactly version `to`; all of it or only its plan; by which routes not. */
export interface Wish {
  readonly to: string | null;
  readonly dryRun: boolean;
  readonly ruledOut: readonly RouteKind[];
  readonly why: Reason;
}

/** Brings the newest fitting release (or `wish.to`) onto this machine, up to a staged generation, and tidies up. The running version is only read. */
export async function update(wish: Wish, tools: Tools, job: Job): Promise<UpdateResult> {
  const result = await bring(wish, tools, job);
  if (wish.dryRun) return result;
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
  const stock = await takeStock(manifest, { running, layout, found, ruledOut: wish.ruledOut }, job);
  const plan = planUpdate(manifest, stock.have, wish.ruledOut);
  if (wish.dryRun) {
    const dataCost = running === null ? null : await estimateData(instance, manifest, running);
    return { kind: 'planned', current, version: manifest.version, plan, effect: effectOf(manifest, running), dataCost, passed, news };
  }
  const made = await makeVersion(plan, { ...tools, release, stock, running, ruledOut: wish.ruledOut }, job);
  await refuseWithdrawn(tools, manifest.version, job);
  const generation = await stageGeneration(instance, manifest, { why: wish.why, now, tries: manifest.health.tries });
  return {
    kind: 'staged',
    current,
    generation,
    news,
    done: { ...made, wireBytes: tools.remote.receivedBytes(), milliseconds: watch.milliseconds() },
  };
}

/** Carries out what was withdrawn, and writes the check down for whoever asks for the status. */
async function newsOf({ release, withdrawn, dated }: Found, { layout, instance, now }: Tools): Promise<News> {
  await dropWithdrawn(instance, withdrawn);
  const news = { ...dated, recalled: await recalled(layout, instance, withdrawn) };
  await writeRecord(layout.checked, { at: timeText(now), offered: release?.manifest.version ?? null, recalled: news.recalled });
  return news;
}
