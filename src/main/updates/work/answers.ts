/** What the service answers to whoever asks over the contract. */
import { quietJob } from '../../../updater/model/job.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { timeText } from '../../../updater/model/parse.ts';
import type { Input } from '../../contract/commands.ts';
import type { Handlers } from '../../contract/serve.ts';
import { dismissalMs } from '../decide/level.ts';
import { canBeSkipped } from '../decide/policy.ts';
import { levelNow } from '../decide/view.ts';
import { withAnswer, type Decisions } from '../kept/decisions.ts';
import { isBreaking, type Offered } from '../kept/offer.ts';
import { setPreferences, type Whose } from '../kept/preferences.ts';
import { closeNotice } from './notices.ts';
import type { Memory, Tools } from './present.ts';
import { settingAnswers } from './settings.ts';
import type { Crew } from './turn.ts';

/** The commands that the service answers. */
export type UpdateHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `updates/${string}` | `prefs/${string}`> | 'banner/dismiss' | 'notices/close' | 'telemetry/preview'
>;

/** Opens the answers; each is over once what it changed can be seen. */
export function openAnswers(crew: Crew, whose: Whose): UpdateHandlers {
  const { tools, memory, checks, preparation, look, after } = crew;
  const seen = async (): Promise<null> => {
    await look();
    return null;
  };
  return {
    'updates/check': async () => {
      // Whoever asks wants to see everything that is there.
      await memory.decide({ skipped: [], dismissed: null });
      const answer = memory.present.preparing === null ? await checks.ask('user') : versionUnderWay(memory);
      await look();
      return answer;
    },
    'updates/decide': (input) => decide(input, crew, whose).then(seen),
    'updates/break': (input) => chooseData(input, crew).then(seen),
    'updates/pause': () => preparation.pause().then(seen),
    'updates/resume': async () => {
      preparation.resume();
      return seen();
    },
    'updates/cancel': () => preparation.cancel().then(seen),
    'updates/restart': async ({ when }) => {
      const { ready } = memory.present;
      if (ready === null) throw new Failed('usage/wrong', 'nothing is ready to be started');
      memory.change({ ready: { ...ready, when, restartAt: null, noticeEndsMs: null } });
      return seen();
    },
    'updates/retry': async ({ version }) => {
      await memory.decide({ trouble: null });
      tools.ledger.note({ kind: 'decision', to: version, by: 'user', what: 'retry' });
      after(preparation.start({ version, by: 'user' }));
      return seen();
    },
    'banner/dismiss': () => dismiss(tools, memory).then(seen),
    'notices/close': ({ id }) => closeNotice(id, memory).then(seen),
    ...settingAnswers(crew, whose),
  };
}

function versionUnderWay({ present }: Memory) {
  return { kind: 'available', version: present.preparing?.version ?? present.running.version } as const;
}

function offeredAs(version: string, { present }: Memory): Offered {
  const { offered } = present;
  if (offered?.version !== version) throw new Failed('check/no-such-version', `${version} is not on offer`);
  return offered;
}

async function decide({ version, decision, hours }: Input<'updates/decide'>, crew: Crew, whose: Whose): Promise<void> {
  const { tools, memory, preparation } = crew;
  const offered = offeredAs(version, memory);
  const now = tools.clock.now();
  const { decisions, preferred } = memory.present;
  const isUndecided = isBreaking(offered) && decisions.choice?.version !== version;
  if ((decision === 'now' || decision === 'always') && isUndecided)
    throw new Failed('switch/breaking', `${version} asks for a choice about the data first`);
  if (decision === 'skip' && !canBeSkipped(offered, levelNow(memory.present, now), offered.isSteppingStone))
    throw new Failed('usage/wrong', `${version} cannot be skipped`);
  if (decision === 'always') {
    await setPreferences({ autoUpdate: 'all' }, whose);
    memory.change({ preferred: { ...preferred, values: { ...preferred.values, autoUpdate: 'all' } } });
  }
  tools.ledger.note({
    kind: 'decision',
    from: offered.from,
    to: version,
    by: 'user',
    what: decision === 'later' ? `later ${hours} h` : decision,
  });
  memory.change({ isModal: false, failed: null });
  const isPutOff = decision === 'skip' || decision === 'later';
  if (isPutOff && memory.present.preparing?.version === version) await preparation.cancel();
  await memory.decide(answered({ decisions: memory.present.decisions, version, decision }, new Date(now.getTime() + hours * 3_600_000)));
  if (isPutOff) await putOff(decision, version, { tools, memory });
}

function answered(
  { decisions, version, decision }: { decisions: Decisions } & Pick<Input<'updates/decide'>, 'version' | 'decision'>,
  until: Date,
): Decisions {
  switch (decision) {
    case 'now':
    case 'always':
      return withAnswer(decisions, version, { kind: 'now' });
    case 'later':
      return withAnswer(decisions, version, { kind: 'later', until: timeText(until) });
    case 'skip':
      return withAnswer(decisions, version, { kind: 'skipped' });
  }
}

/** What is prepared already is not started against the person's word. */
async function putOff(decision: 'skip' | 'later', version: string, { tools, memory }: Pick<Crew, 'tools' | 'memory'>): Promise<void> {
  const { ready } = memory.present;
  if (ready?.version !== version) return;
  if (decision === 'later') return memory.change({ ready: { ...ready, when: 'not-now', restartAt: null, noticeEndsMs: null } });
  await tools.ask({ kind: 'unstage', ...whereOf(tools) }, quietJob());
  memory.change({ ready: null });
}

async function chooseData({ version, choice, understood }: Input<'updates/break'>, crew: Crew): Promise<void> {
  const { tools, memory } = crew;
  tools.ledger.note({ kind: 'decision', to: version, by: 'user', what: `breaking: ${choice}` });
  if (choice === 'cancel') return unchoose(version, crew);
  const offered = offeredAs(version, memory);
  if (!isBreaking(offered)) throw new Failed('usage/wrong', `${version} breaks nothing`);
  if (choice === 'migrate' && !offered.canMigrate) throw new Failed('switch/data', `${version} cannot take the present data along`);
  if (choice === 'fresh') await keepAside(offered, understood, { tools, memory });
  await memory.decide({ ...withAnswer(memory.present.decisions, version, { kind: 'now' }), choice: { version, data: choice } });
}

/** What was begun with the choice that is taken back is given up. */
async function unchoose(version: string, { tools, memory, preparation }: Crew): Promise<void> {
  if (memory.present.preparing?.version === version) await preparation.cancel();
  await putOff('skip', version, { tools, memory });
  await memory.decide({ ...withAnswer(memory.present.decisions, version, { kind: 'none' }), choice: null });
}

/** Whoever begins afresh has everything kept first, or says that they know that it could not be. */
async function keepAside({ version }: Offered, understood: boolean, { tools, memory }: Pick<Crew, 'tools' | 'memory'>): Promise<void> {
  const wish = {
    kind: 'create',
    note: `before ${version}`,
    program: false,
    rehash: false,
    keep: memory.present.preferred.values.keepSnapshots,
  } as const;
  const row = tools.ledger.begin({ kind: 'snapshot', from: memory.present.running.version, by: 'user' });
  try {
    const made = await tools.ask({ kind: 'snapshot', ...whereOf(tools), wish }, quietJob());
    tools.ledger.finish(row, { status: 'done', snapshot: made.did === 'create' ? made.snapshot.id : null });
  } catch (error) {
    tools.ledger.finish(row, { status: 'failed' });
    if (!understood) throw error;
  }
}

function whereOf({ place, clock }: Tools) {
  return { root: place.layout.root, instance: place.instance.name, now: clock.now().toISOString() };
}

async function dismiss({ clock, ledger }: Tools, memory: Memory): Promise<void> {
  const { recalled, ready, hidden, offered } = memory.present;
  if (recalled !== null && !hidden.includes('recalled')) return memory.change({ hidden: [...hidden, 'recalled'] });
  if (ready !== null) return memory.change({ hidden: [...hidden, 'ready'] });
  if (offered === null) return;
  const level = levelNow(memory.present, clock.now());
  const ms = dismissalMs(level);
  if (ms === null) throw new Failed('usage/wrong', 'what is urgent cannot be dismissed');
  ledger.note({ kind: 'decision', to: offered.version, by: 'user', what: `dismiss ${level}` });
  await memory.decide({ dismissed: { level, until: timeText(new Date(clock.now().getTime() + ms)) } });
}
