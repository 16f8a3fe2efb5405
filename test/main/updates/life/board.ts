/** A board with nothing on it yet. */
import { usualPreferences } from '../../../../src/main/contract/preferences.ts';
import { openBoard, type Board } from '../../../../src/main/contract/serve.ts';
import type { Topics } from '../../../../src/main/contract/topics.ts';

const firstTopics: Topics = {
  about: {
    product: 'moult',
    version: '1.0.0',
    channel: 'stable',
    instance: 'default',
    root: '',
    host: 'headless',
    generation: 1,
    isSafe: false,
    ability: { kind: 'full', why: '' },
    lastCheck: null,
    nextCheck: null,
    versions: {},
  },
  preferences: { values: usualPreferences, managed: [], policyFile: null },
  update: { kind: 'idle' },
  offer: null,
  banner: null,
  notices: [],
  busy: { reasons: [] },
  notes: { revision: 0 },
  history: [],
  snapshots: { rows: [], usedBytes: 0 },
};

export function openFirstBoard(): Board {
  return openBoard(firstTopics);
}
