/** What happened between two commits, read from messages in the form of Conventional Commits 1.0.0. */
import { z } from 'zod';
import { Failed } from '../../../../src/updater/model/failure.ts';
import type { Job } from '../../../../src/updater/model/job.ts';
import { manifestLimits, manifestSchema, type Manifest } from '../../../../src/updater/model/manifest.ts';
import { parseAs } from '../../../../src/updater/model/parse.ts';
import { checkedRevision, git } from './git.ts';

const changelogSchema = z.object({
  notes: manifestSchema.shape.notes,
  changes: manifestSchema.shape.changes,
  breaking: manifestSchema.shape.breaking,
});

/** The three fields of a manifest that say what changed. */
export type Changelog = Readonly<z.infer<typeof changelogSchema>>;

/** Returns what `changelog --json` once printed; throws `usage/wrong`. */
export function parseChangelog(value: unknown): Changelog {
  return parseAs(changelogSchema, value, { what: 'change log', code: 'usage/wrong' });
}

/** Reads the commits after `from` (null: after the last tag, or all of them) up to `to`; throws `usage/wrong` where there are none to read. */
export async function readChangelog(what: { checkout: string; from: string | null; to: string }, job: Job): Promise<Changelog> {
  const { checkout } = what;
  const to = checkedRevision(what.to);
  const from = what.from === null ? await git(checkout, ['describe', '--tags', '--abbrev=0', `${to}^`], job) : checkedRevision(what.from);
  const range = from === null ? to : `${from}..${to}`;
  const log = await git(checkout, ['log', '-z', '--no-merges', '--format=%s%n%n%b', '--end-of-options', range, '--'], job);
  if (log === null) throw new Failed('usage/wrong', `git knows no commits ${range} in ${checkout}`);
  return changelogOf(log.split('\0').filter((message) => message.trim() !== ''));
}

/** Turns commit messages, newest first, into the manifest's `changes`, `breaking` and Markdown notes. */
export function changelogOf(messages: readonly string[]): Changelog {
  const commits = messages.map(readMessage);
  const changes = commits.map(({ kind, text }) => ({ kind, text })).slice(0, manifestLimits.changes);
  const breaking = commits.flatMap((commit) => (commit.breaks === null ? [] : [{ what: commit.breaks, exports: [] }])).slice(0, 100);
  return { notes: { en: markdown(changes, breaking) }, changes, breaking };
}

interface Commit {
  readonly kind: string;
  readonly text: string;
  readonly breaks: string | null;
}

function readMessage(message: string): Commit {
  const [subject = '', ...body] = message.trim().split('\n');
  const match = /^(?<type>[A-Za-z]{1,32})(\((?<scope>[^()]+)\))?(?<mark>!)?: +(?<text>.+)$/.exec(subject);
  const footer = /^BREAKING[ -]CHANGE: +(?<what>[^]+?)(?=\n\n|\n[A-Za-z-]+: |$(?![^]))/m.exec(body.join('\n'))?.groups?.['what'];
  if (match?.groups === undefined) return { kind: 'other', text: cut(subject), breaks: footer === undefined ? null : cut(footer) };
  const { type = '', scope, mark, text = '' } = match.groups;
  const said = cut(scope === undefined ? text : `${scope}: ${text}`);
  const breaks = footer !== undefined ? cut(footer) : mark === undefined ? null : said;
  return { kind: type.toLowerCase(), text: said, breaks };
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 2000 ? line : `${line.slice(0, 1999).toWellFormed()}…`;
}

const headings: Readonly<Record<string, string>> = {
  security: 'Security',
  feat: 'New',
  fix: 'Fixed',
  perf: 'Faster',
  revert: 'Taken back',
};

/** Only what a user can notice; the rest (chore, ci, refactor, …) is in `changes`. */
function markdown(changes: Manifest['changes'], breaking: Manifest['breaking']): string {
  const sections = Object.entries(headings).map(([kind, heading]) => ({
    heading,
    lines: changes.filter((change) => change.kind === kind).map(({ text }) => text),
  }));
  return [{ heading: 'Breaking changes', lines: breaking.map(({ what }) => what) }, ...sections]
    .filter(({ lines }) => lines.length > 0)
    .map(({ heading, lines }) => `## ${heading}\n\n${lines.map((line) => `- ${line}\n`).join('')}`)
    .join('\n');
}
