import { openBoard, type Board } from '../../contract/serve.ts';
import { usualPreferences } from '../../contract/preferences.ts';
import type { About } from '../../contract/views.ts';

/** A board with what is true before anything was read or asked. */
export function openFirstBoard(about: About): Board {
  return openBoard({
    about,
    preferences: { values: usualPreferences, managed: [], policyFile: null },
    update: { kind: 'idle' },
    offer: null,
    banner: null,
    notices: [],
    busy: { reasons: [] },
    notes: { revision: 0 },
    history: [],
    snapshots: { rows: [], usedBytes: 0 },
  });
}
