/** What the notes application does in each mode of the boot contract. Every mode but `run` ends by itself. */
import { existsSync } from 'node:fs';
import { Failed } from '../../updater/model/failure.ts';
import type { HostKind } from '../host/host.ts';
import { sayHealth, type Around, type HealthLine } from '../shell/around.ts';
import { runShell } from '../shell/shell.ts';
import { beginNotes, notesApplication, readSettings } from './application.ts';
import { exportNotes } from './exporters.ts';
import { migrateNotes, readNotes } from './notes.ts';
import { notesAround } from './surroundings.ts';
import { runWords } from './words.ts';

/** What a start is about: `words` are what a person typed after the program's name, `host` the kind of host to show a window with. */
export interface Order {
  readonly words: readonly string[];
  readonly host: HostKind;
}

/** Carries out the mode. */
export async function carryOut(around: Around, { words, host }: Order): Promise<void> {
  switch (around.mode) {
    case 'run':
      return words.length > 0 ? talk(words, around) : runShell(notesApplication, around, host);
    case 'preflight':
      return rehearse(around);
    case 'migrate':
      return migrateEpoch(around);
    case 'export':
      return exportEpoch(around);
  }
}

async function talk(words: readonly string[], around: Around): Promise<void> {
  using notes = await beginNotes(around, { stage: () => undefined });
  runWords(words, notes, await readSettings(around));
}

/** Everything a start does, on a copy, and a note that is written, found and taken back. */
async function rehearse(around: Around): Promise<void> {
  const say = (stage: Extract<HealthLine, { stage: unknown }>['stage']): void => sayHealth(around, { stage });
  say('loaded');
  using notes = await beginNotes(around, { stage: say });
  notes.rehearse();
  say('service');
  say('ready');
}

async function migrateEpoch(around: Around): Promise<void> {
  const { database, dataVersion } = await notesAround(around, process.cwd());
  if (existsSync(database)) migrateNotes(database, dataVersion);
}

async function exportEpoch(around: Around): Promise<void> {
  if (around.exportTo === null) throw new Failed('usage/wrong', 'MOULT_EXPORT_TO names no folder');
  const { database } = await notesAround(around, process.cwd());
  await exportNotes(existsSync(database) ? readNotes(database) : [], around.exportTo);
}
