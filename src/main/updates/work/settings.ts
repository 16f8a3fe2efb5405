/** What a person sets, over the contract: it holds at once. */
import type { Handlers } from '../../contract/serve.ts';
import {
  noteChanges,
  obeyKeeping,
  readPreferences,
  resetPreferences,
  setPreferences,
  type Preferred,
  type Whose,
} from '../kept/preferences.ts';
import { ifDiskLets, type Memory } from './present.ts';
import type { Crew } from './turn.ts';

type SettingHandlers = Pick<Handlers, 'prefs/set' | 'prefs/reset' | 'telemetry/preview'>;

/** Opens the answers to what is set. */
export function settingAnswers(crew: Crew, whose: Whose): SettingHandlers {
  const change = async (write: () => Promise<void>): Promise<null> => {
    const before = crew.memory.present.preferred;
    await write();
    await takeOver(before, crew, whose);
    await crew.look();
    return null;
  };
  return {
    'prefs/set': (changes) => change(() => setPreferences(changes, whose)),
    'prefs/reset': ({ names }) => change(() => resetPreferences(names, whose)),
    'telemetry/preview': async () => ({ sent: telemetryOf(crew.memory) }),
  };
}

async function takeOver(before: Preferred, { tools, memory, checks, after }: Crew, whose: Whose): Promise<void> {
  const preferred = await readPreferences(whose);
  await ifDiskLets(() => obeyKeeping(whose.instance, preferred));
  noteChanges(tools.ledger, before, preferred);
  memory.change({ preferred, ready: withWord(memory, preferred.values.restartWhenAway) });
  if (before.values.channel !== preferred.values.channel) after(checks.ask('schedule'));
}
/** What was prepared without a word about when follows the preference. */
function withWord({ present: { ready } }: Memory, restartWhenAway: boolean) {
  if (ready === null || ready.when === 'now' || ready.when === 'not-now') return ready;
  return { ...ready, when: restartWhenAway ? 'away' : 'quit', restartAt: null, noticeEndsMs: null } as const;
}

function telemetryOf({ present }: Memory) {
  const { running, preferred } = present;
  const { platform, arch } = process;
  return { version: running.version, platform, arch, channel: preferred.values.channel, evolutions: running.evolutions };
}
