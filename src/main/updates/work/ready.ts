/** A prepared version, from its record to the moment at which it is started. */
import type { Generation } from '../../../updater/model/generation.ts';
import { timeText } from '../../../updater/model/parse.ts';
import { noticeMs, whenToRestart } from '../decide/away.ts';
import { notify, type Memory, type Present, type Ready, type Tools } from './present.ts';

/** What a staged generation means to whoever runs `present`: the word that was given about it stays. */
export function readyFrom(staged: Generation | null, { ready, preferred }: Present): Ready | null {
  if (staged === null) return null;
  if (ready?.generation === staged.n) return ready;
  const when = preferred.values.restartWhenAway ? 'away' : 'quit';
  return { version: staged.version, generation: staged.n, when, restartAt: null, noticeEndsMs: null };
}

/** Takes the next step towards the restart; returns the milliseconds after which to look again, null for when something happens. */
export function stepToRestart(tools: Tools, memory: Memory): number | null {
  const { ready, isRestarting, preferred } = memory.present;
  if (ready === null || isRestarting) return null;
  const { clock, host } = tools;
  const due = whenToRestart({
    when: ready.when,
    preferences: preferred.values,
    conditions: host.conditions(),
    busy: tools.busy(),
    now: clock.now(),
  });
  if (due.kind === 'wait') {
    withoutNotice(memory);
    return due.lookAgainMs;
  }
  if (due.kind === 'restart') return leave(tools, memory);
  if (ready.noticeEndsMs === null) return giveNotice(ready, tools, memory);
  const leftMs = ready.noticeEndsMs - clock.monotonicMs();
  return leftMs > 0 ? leftMs : leave(tools, memory);
}

/** Takes the notice back: somebody is there. */
export function withoutNotice({ present, change }: Memory): void {
  const { ready } = present;
  if (ready !== null && ready.noticeEndsMs !== null) change({ ready: { ...ready, restartAt: null, noticeEndsMs: null } });
}

function giveNotice(ready: Ready, tools: Tools, memory: Memory): number {
  const { clock } = tools;
  const restartAt = timeText(new Date(clock.now().getTime() + noticeMs));
  memory.change({ ready: { ...ready, restartAt, noticeEndsMs: clock.monotonicMs() + noticeMs } });
  notify({ code: 'restart-soon', version: ready.version }, tools, memory);
  return noticeMs;
}

function leave({ restart }: Tools, { change }: Memory): null {
  change({ isRestarting: true });
  restart();
  return null;
}
