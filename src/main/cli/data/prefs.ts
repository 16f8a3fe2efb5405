/** `moult prefs`: the same preferences as in the window, through the program where it runs. */
import { readRecord } from '../../../updater/disk/atomic.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { parseSource } from '../../../updater/model/generation.ts';
import { parseAs } from '../../../updater/model/parse.ts';
import { preferenceNameSchema, somePreferencesSchema, type PreferenceName } from '../../contract/preferences.ts';
import { openLedger } from '../../ledger/ledger.ts';
import { findRunning } from '../../shell/reach/running.ts';
import { usualPolicyFile } from '../../updates/kept/policy-file.ts';
import {
  noteChanges,
  readPreferences,
  resetPreferences,
  setPreferences,
  type Preferred,
  type SomePreferences,
  type Whose,
} from '../../updates/kept/preferences.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';

/** `moult prefs get`: all of what holds, or one value. */
export function getPreferences(globals: Globals, name: string | undefined): Promise<number> {
  return runCommand(globals, async () => {
    const preferred = await readPreferences(await whoseOf(globals));
    const shown = name === undefined ? preferenceNameSchema.options : [parseName(name)];
    say(globals, preferred, shown.map((each) => lineOf(each, preferred)).join('\n'));
    return 0;
  });
}

/** `moult prefs set`: sets one. */
export function setPreference(globals: Globals, name: string, value: string): Promise<number> {
  const changes = (): SomePreferences =>
    parseAs(somePreferencesSchema, { [parseName(name)]: valueOf(value) }, { what: 'prefs', code: 'usage/wrong' });
  return change(globals, {
    here: (whose) => setPreferences(changes(), whose),
    there: (ask) => ask('prefs/set', changes()),
  });
}

/** `moult prefs reset`: lets the usual hold again. */
export function resetPreferenceNames(globals: Globals, names: readonly string[]): Promise<number> {
  return change(globals, {
    here: (whose) => resetPreferences(names.map(parseName), whose),
    there: (ask) => ask('prefs/reset', { names: names.map(parseName) }),
  });
}

type Ask = NonNullable<Awaited<ReturnType<typeof findRunning>>>['ask'];

/** A program that runs changes its own preferences, so that its windows show them. */
function change(
  globals: Globals,
  { here, there }: { here(whose: Whose): Promise<void>; there(ask: Ask): Promise<unknown> },
): Promise<number> {
  return runCommand(globals, async () => {
    const whose = await whoseOf(globals);
    const before = await readPreferences(whose);
    const running = await findRunning(whose.instance);
    await (running === null ? here(whose) : there(running.ask));
    const after = await readPreferences(whose);
    if (running === null) {
      using ledger = await openLedger(whose.instance, () => new Date());
      noteChanges(ledger, before, after);
    }
    const changed = preferenceNameSchema.options.filter((name) => lineOf(name, before) !== lineOf(name, after));
    say(globals, after, changed.map((name) => lineOf(name, after)).join('\n'));
    return 0;
  });
}

async function whoseOf(globals: Globals): Promise<Whose> {
  const { layout, instance } = placeOf(globals);
  const source = await readRecord(layout.source, parseSource);
  if (source === null) throw new Failed('start/nothing', `nothing is installed in ${layout.root}`);
  return { instance, policyFile: usualPolicyFile(), channel: source.channel };
}

function parseName(name: string): PreferenceName {
  return parseAs(preferenceNameSchema, name, { what: `preference ${JSON.stringify(name.slice(0, 80))}`, code: 'usage/wrong' });
}

/** What a person types is JSON where it is any, hours where it looks like them, else a word. */
function valueOf(text: string): unknown {
  const hours = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text);
  if (hours !== null) return { from: hours[1], to: hours[2] };
  return /^(?:true|false|null|\d{1,15})$/.test(text) ? JSON.parse(text) : text;
}

function lineOf(name: PreferenceName, { values, managed }: Preferred): string {
  const value = values[name];
  const text = typeof value === 'object' && value !== null ? `${value.from}-${value.to}` : String(value);
  return `${name.padEnd(18)} ${text}${managed.includes(name) ? '   (set by an administrator)' : ''}`;
}
