/** What the person has yet to be told: things that happened in this program's life, and things that the records know. */
import { notesOf } from '../../../updater/engine/process/about.ts';
import { lastFailure, type LastFailure } from '../../../updater/install/checks/hold.ts';
import { acceptedManifest } from '../../../updater/install/versions.ts';
import { Failed, type Failure } from '../../../updater/model/failure.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import { timeText } from '../../../updater/model/parse.ts';
import type { Notice } from '../../contract/views.ts';
import type { Decisions } from '../kept/decisions.ts';
import type { Memory, Tools } from './present.ts';

type FailedNotice = Extract<Notice, { kind: 'failed' }>;

/** The same notices with a failed update first, in place of what was told of that version before. */
export function tellFailure(
  notices: readonly Notice[],
  { at, ...failed }: Pick<FailedNotice, 'version' | 'failure' | 'attempts' | 'nextTry'> & { readonly at: Date },
): readonly Notice[] {
  const id = `failed-${failed.version ?? 'check'}`;
  return [{ kind: 'failed', id, at: timeText(at), ...failed }, ...notices.filter((notice) => notice.id !== id)];
}

/** How long checks may fail before anybody is told. */
const silenceMs = 24 * 3_600_000;

/** Tells once that nothing could be asked for a day. */
export function tellSilence({ clock }: Tools, memory: Memory): void {
  const { decisions, lastCheck, notices } = memory.present;
  const isLong = decisions.silentSince !== null && clock.now().getTime() - Date.parse(decisions.silentSince) >= silenceMs;
  const isTold = notices.some(({ id }) => id === 'failed-check');
  if (isLong && !isTold && lastCheck !== null && lastCheck.failure !== null)
    memory.change({
      notices: tellFailure(notices, { version: null, failure: lastCheck.failure, attempts: 1, nextTry: null, at: clock.now() }),
    });
  if (decisions.silentSince === null && isTold) memory.change({ notices: notices.filter(({ id }) => id !== 'failed-check') });
}

/** Failures that say something about a version that was tried, not about the wish for it. */
function isOfTrial({ code }: Failure): boolean {
  return code.startsWith('start/') || code === 'switch/data' || code === 'state/damaged';
}

/** What the records tell: a trial that was taken back, an update that has proven itself, and a ledger that was made anew. */
export async function noticesOfRecords(tools: Tools, running: Generation, { ran, toldTrial }: Decisions): Promise<readonly Notice[]> {
  const { place, ledger, clock } = tools;
  const at = timeText(clock.now());
  const { setAside } = ledger;
  const last = await lastFailure(place.instance);
  const isNews = last !== null && last.n > toldTrial && isOfTrial(last.failure);
  const isUpdated = running.why === 'update' && running.state === 'good' && ran !== null && ran !== running.version;
  return [
    ...(isNews ? [takenBack(last, running.version, at)] : []),
    ...(isUpdated
      ? [{ kind: 'updated', id: 'updated', at, version: running.version, from: ran, notes: await notesIn(running, tools) } as const]
      : []),
    ...(setAside === null ? [] : [{ kind: 'ledger-rebuilt', id: 'ledger-rebuilt', at, setAside } as const]),
  ];
}

function takenBack({ n, version, failure, data }: LastFailure, running: string, at: string): Notice {
  return { kind: 'taken-back', id: `taken-back-${n}`, at, version, running, failure, hasData: data !== null };
}

async function notesIn({ treeDigest }: Generation, { place }: Tools): Promise<Readonly<Record<string, string>>> {
  const manifest = await acceptedManifest(place.layout, treeDigest);
  return manifest === null ? {} : notesOf(manifest);
}

/** Takes a notice away, and remembers that it was told. Throws `usage/wrong` when there is none of this id. */
export async function closeNotice(id: string, memory: Memory): Promise<void> {
  const { notices, running, decisions } = memory.present;
  const closed = notices.find((notice) => notice.id === id);
  if (closed === undefined) throw new Failed('usage/wrong', 'there is no such notice');
  memory.change({ notices: notices.filter((notice) => notice !== closed) });
  if (closed.kind === 'updated') await memory.decide({ ran: running.version });
  if (closed.kind === 'taken-back') await memory.decide({ toldTrial: Math.max(decisions.toldTrial, Number(id.split('-').at(-1))) });
}
