import { supervise } from '../../supervisor/supervise.ts';
import type { News, RequestOf, UpdateResult } from '../../../updater/engine/process/requests.ts';
import { isFolder } from '../../../updater/download/remote.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Job } from '../../../updater/model/job.ts';
import type { Passed } from '../../../updater/trust/choose.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { placeOf, type Globals } from '../place.ts';
import { megabytes, runCommand, say } from '../terminal.ts';
import { explain, explainText } from './explain.ts';
import { placeToFetchFrom } from './install.ts';
import { recalledText, summaryOf, tookText } from './outcome.ts';
import { toolsFor } from './start.ts';

export interface UpdateOptions {
  readonly to?: string;
  readonly from?: string;
  readonly restart?: boolean;
  readonly dryRun?: boolean;
  readonly explain?: boolean;
  readonly fresh?: boolean;
}

/** `moult check`: asks what is offered to this machine and changes nothing. */
export function check(globals: Globals, options: { readonly from?: string }): Promise<number> {
  return runCommand(globals, async (job) => {
    const result = await ask(globals, { ...options, dryRun: true }, job);
    const offered = result.kind === 'none' ? null : result.kind === 'planned' ? result.version : result.generation.version;
    const bytesToFetch = result.kind === 'planned' ? result.plan.bytesToFetch : 0;
    const passed = result.kind === 'staged' ? [] : result.passed;
    const told = { current: result.current, offered, staged: result.kind === 'staged', bytesToFetch, passed, ...newsTold(result.news) };
    say(globals, told, newsText(result.news) + checkText(result));
    return 0;
  });
}

/** `moult update`: the whole line up to a staged generation, with `--restart` through its trial to the verdict, or, while the program runs, to its restart; `--dry-run` and `--explain` stop at the plan. */
export function update(globals: Globals, options: UpdateOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const result = await ask(globals, options, job);
    if (result.kind === 'planned') {
      say(globals, { ...explain(result), ...newsTold(result.news) }, newsText(result.news) + explainText(explain(result)));
      return 0;
    }
    if (result.kind === 'none') {
      say(
        globals,
        { from: result.current, to: null, passed: result.passed, ...newsTold(result.news) },
        newsText(result.news) + checkText(result),
      );
      return 0;
    }
    if (options.restart !== true) {
      const text = `${newsText(result.news)}${result.generation.version} is ready and starts the next time.${tookText(result.done)}`;
      say(globals, summaryOf(result.current, result.generation, result.done), text);
      return 0;
    }
    const running = await findRunning(placeOf(globals).instance);
    if (running !== null) {
      await running.ask('updates/restart', { when: 'now' });
      say(globals, summaryOf(result.current, result.generation, result.done), `The program restarts with ${result.generation.version}.`);
      return 0;
    }
    const { generation, takenBack, exitCode } = await supervise(
      { isSafe: false, host: 'headless', until: 'verdict' },
      toolsFor(globals),
      job,
    );
    if (takenBack !== null) throw new Failed(takenBack.code, takenBack.detail);
    say(globals, summaryOf(result.current, generation, result.done), `Now on ${generation.version}.${tookText(result.done)}`);
    return exitCode;
  });
}

function ask(globals: Globals, options: UpdateOptions, job: Job): Promise<UpdateResult> {
  const { layout, instance } = placeOf(globals);
  const request: RequestOf<'update'> = {
    kind: 'update',
    root: layout.root,
    instance: instance.name,
    from: options.from === undefined ? null : placeToFetchFrom(options.from),
    to: options.to ?? null,
    dryRun: options.dryRun === true || options.explain === true,
    withoutPatches: false,
    acceptBreaking: globals.yes,
    data: options.fresh === true ? 'fresh' : 'clone',
    // What is old is the person's to accept, and only from a folder that they name.
    acceptStale: globals.yes && options.from !== undefined && isFolder(options.from),
  };
  return globals.ask<'update'>(request, job);
}

/** The signature's date and a withdrawn version, in the JSON of every answer that asked. */
function newsTold(news: News | null): { readonly signed?: Omit<News, 'recalled'>; readonly recalled?: News['recalled'] } {
  if (news === null) return {};
  const { recalled, ...signed } = news;
  return { signed, recalled };
}

function newsText(news: News | null): string {
  const stale =
    news?.isStale === true
      ? `This information was signed at ${news.signedAt ?? 'an unknown time'} and is out of date since ${news.expires}.\n`
      : '';
  const recalled = news?.recalled ?? null;
  return recalled === null ? stale : `${stale}${recalledText(recalled)}\n`;
}

function checkText(result: UpdateResult): string {
  switch (result.kind) {
    case 'none':
      return `${result.current ?? 'Nothing'} is the newest version for this machine.\n${passedText(result.passed)}`;
    case 'planned':
      return `${result.version} is available (${megabytes(result.plan.bytesToFetch)}); ${result.current ?? 'nothing'} is installed.\n${passedText(result.passed)}`;
    case 'staged':
      return `${result.generation.version} is ready and starts the next time; ${result.current ?? 'nothing'} is installed.`;
  }
}

function passedText(passed: readonly Passed[]): string {
  return passed.map(({ version, why }) => `  ${version}: ${why}\n`).join('');
}
