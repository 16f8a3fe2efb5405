import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AskEngine } from '../../updater/engine/process/client.ts';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../updater/install/layout.ts';
import type { Manner } from './terminal.ts';

/** The options that every command has, and how it asks the engine. */
export interface Globals extends Manner {
  readonly root: string | undefined;
  readonly instance: string;
  readonly yes: boolean;
  readonly ask: AskEngine;
}

/** Where a command works. */
export interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
}

/** The installation that the options name: `--root`, else `MOULT_ROOT`, else the platform's usual place for a user's programs. */
export function placeOf({ root, instance }: Pick<Globals, 'root' | 'instance'>): Place {
  const layout = layoutOf(resolve(root ?? process.env['MOULT_ROOT'] ?? usualRoot()));
  return { layout, instance: instanceOf(layout, instance) };
}

function usualRoot(): string {
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Moult');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Moult');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'moult');
}
