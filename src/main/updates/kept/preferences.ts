/**
 * What a person set, in `<instance>/preferences.json`: only what was set, so that what is usual may change with a version.
 *
 * Beside the ledger and not in it, since preferences have to outlive it. An administrator's file overrides, field by field. A field
 * that cannot be understood does not count; writing is atomic.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../../../updater/disk/atomic.ts';
import { writeKeeping } from '../../../updater/install/epoch/snapshot/keeping.ts';
import type { Instance } from '../../../updater/install/layout.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { preferenceNameSchema, somePreferencesSchema, usualPreferences, type PreferenceName } from '../../contract/preferences.ts';
import type { Topics } from '../../contract/topics.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { readPolicyFile } from './policy-file.ts';

/** What holds here: the values, which of them an administrator set, and in which file. */
export type Preferred = Topics['preferences'];
export type SomePreferences = Readonly<z.output<typeof somePreferencesSchema>>;

/** Whose preferences: the instance, the administrator's file (it may not exist), and the channel that was installed from. */
export interface Whose {
  readonly instance: Instance;
  readonly policyFile: string;
  readonly channel: string;
}

/** Reads what holds. */
export async function readPreferences({ instance, policyFile, channel }: Whose): Promise<Preferred> {
  const managed = someOf(await readPolicyFile(policyFile));
  const names = namesOf(managed);
  return {
    values: Object.assign({ ...usualPreferences, channel }, await readOwn(instance), managed),
    managed: names,
    policyFile: names.length === 0 ? null : policyFile,
  };
}

/** Sets some preferences. Atomic; throws `usage/wrong` for one that an administrator set. */
export async function setPreferences(changes: SomePreferences, whose: Whose): Promise<void> {
  await refuseManaged(namesOf(changes), whose);
  await write(whose, { ...(await readOwn(whose.instance)), ...changes });
}

/** Takes back what was set, so that the usual holds again. Atomic; throws `usage/wrong` for one that an administrator set. */
export async function resetPreferences(names: readonly PreferenceName[], whose: Whose): Promise<void> {
  await refuseManaged(names, whose);
  const own = Object.entries(await readOwn(whose.instance)).filter(([name]) => !names.some((reset) => reset === name));
  await write(whose, Object.fromEntries(own));
}

/** Tells whoever tidies up how much is to be kept from now on. Atomic. */
export async function obeyKeeping(instance: Instance, { values }: Preferred): Promise<void> {
  await writeKeeping(instance, { snapshots: values.keepSnapshots, abandonedDays: values.keepAbandonedDays });
}

/** Notes every preference that a person changed. */
export function noteChanges(ledger: Pick<Ledger, 'note'>, before: Preferred, after: Preferred): void {
  for (const what of preferenceNameSchema.options) {
    const [from, to] = [JSON.stringify(before.values[what]), JSON.stringify(after.values[what])];
    if (from !== to) ledger.note({ kind: 'preference', from, to, by: 'user', what });
  }
}

async function refuseManaged(names: readonly PreferenceName[], whose: Whose): Promise<void> {
  const { managed, policyFile } = await readPreferences(whose);
  const name = names.find((each) => managed.includes(each));
  if (name !== undefined) throw new Failed('usage/wrong', `${name} is set by an administrator in ${policyFile ?? ''}`);
}

async function readOwn(instance: Instance): Promise<SomePreferences> {
  return someOf(await readableRecord(pathOf(instance), (value) => value));
}

async function write({ instance }: Whose, own: SomePreferences): Promise<void> {
  await writeRecord(pathOf(instance), own);
}

function pathOf(instance: Instance): string {
  return join(instance.folder, 'preferences.json');
}

/** Every field of a document that is a preference as it should be. */
function someOf(document: unknown): SomePreferences {
  const fields = Object.entries(z.record(z.string(), z.unknown()).catch({}).parse(document));
  const good = fields.filter(([name, value]) => somePreferencesSchema.safeParse({ [name]: value }).success);
  return somePreferencesSchema.parse(Object.fromEntries(good));
}

function namesOf(some: SomePreferences): readonly PreferenceName[] {
  return preferenceNameSchema.options.filter((name) => some[name] !== undefined);
}
