import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { instanceOf, layoutOf, type Instance, type Layout } from '../../updater/install/layout.ts';
import type { Manner } from './terminal.ts';

/** The options that every command has. */
export interface Globals extends Manner {
  readonly root: string | undefined;
  readonly instance: string;
  readonly yes: boolean;
}

/** Where a command works. */
export interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
}

/** The installation that the options name: `--root`, else `MOULT_ROOT`, else the platform's usual place for a user's programs. */
export function placeOf(globals: Globals): Place {
  const layout = layoutOf(resolve(globals.root ?? process.env['MOULT_ROOT'] ?? usualRoot()));
  return { layout, instance: instanceOf(layout, globals.instance) };
}

function usualRoot(): string {
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Moult');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Moult');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'moult');
}
