import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Failed } from '../../../../src/updater/model/failure.ts';
import type { Job } from '../../../../src/updater/model/job.ts';
import type { Tree } from '../../../../src/updater/model/tree.ts';
import { git } from './git.ts';

/** Where a tree came from: the commit, the public address of its source (or empty), and the one time that its manifest carries. */
export interface Origin {
  readonly revision: string;
  readonly source: string;
  readonly at: string;
}

/** Finds out where a tree came from: what is given, else what the checkout around it says, else `unknown` and the newest file's time. */
export async function originOf(
  what: { folder: string; tree: Tree; checkout: string; source: string | null; revision: string | null },
  environment: Readonly<Record<string, string | undefined>>,
  job: Job,
): Promise<Origin> {
  const commit = await git(what.checkout, ['log', '-1', '--format=%H %ct'], job);
  const [head, seconds] = commit === null ? [] : commit.split(' ');
  const changes = head === undefined ? null : await git(what.checkout, ['status', '--porcelain', '--untracked-files=no'], job);
  const revision = what.revision ?? (head === undefined ? 'unknown' : `${head}${changes === '' ? '' : '-dirty'}`);
  const remote = what.source ?? publicAddress((await git(what.checkout, ['config', '--get', 'remote.origin.url'], job)) ?? '');
  const epoch = environment['SOURCE_DATE_EPOCH'] ?? seconds ?? String(newestSecond(what.folder, what.tree));
  return { revision, source: remote, at: timeOf(epoch) };
}

/** Only an address that means something to others, and without a name or password in it, may go into a signed document. */
export function publicAddress(remote: string): string {
  if (/^[\w.-]+@[\w.-]+:[\w./~-]+$/.test(remote)) return remote.replace(/^[^@]*@/, 'ssh://').replace(/:(?!\/\/)/, '/');
  if (!/^(https?|ssh|git):\/\//.test(remote) || !URL.canParse(remote)) return '';
  const url = new URL(remote);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href.slice(0, 512);
}

function timeOf(epochSeconds: string): string {
  const at = new Date(Number(epochSeconds) * 1000);
  if (!/^\d{1,11}$/.test(epochSeconds) || Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999) {
    throw new Failed('usage/wrong', `SOURCE_DATE_EPOCH is not a number of seconds: ${JSON.stringify(epochSeconds)}`);
  }
  return `${at.toISOString().slice(0, 19)}Z`;
}

function newestSecond(folder: string, tree: Tree): number {
  return tree.files.reduce((newest, { path }) => Math.max(newest, Math.floor(statSync(join(folder, path)).mtimeMs / 1000)), 0);
}
