/** What the gallery's window hears and is answered: one moment in the life of an installation. Times are around the present. */
import type { Note } from '../../../src/main/contract/notes.ts';
import { usualPreferences } from '../../../src/main/contract/preferences.ts';
import type { Handlers } from '../../../src/main/contract/serve.ts';
import type { Topics } from '../../../src/main/contract/topics.ts';
import type { Health, HistoryRow, OfferView, Provenance, SnapshotRow } from '../../../src/main/contract/views.ts';
import type { Failure } from '../../../src/updater/model/failure.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A moment so many milliseconds from now, as the host writes it. */
export function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

const releaseNotes = `Find anything you ever wrote, in an instant.

## New
- **Full-text search** across all notes. Results appear while you type and are ranked by how well they fit.

## Fixed
- Long notes scroll smoothly again on high-resolution displays.
- The window remembers its size and place when a second display is unplugged.
- Pasting from spreadsheets keeps line breaks.
- Notes with emoji in their first line are sorted correctly.
- A crash when the clock was set back while saving.

## Security
- Links in pasted text are no longer opened without asking (advisory 2026-11).
- The exporter refuses paths outside of the folder that was chosen.

## Good to know
- The search index is built on the first start and takes about ten seconds for ten thousand notes.
`;

export const offer: OfferView = {
  version: '4.3.0',
  from: '4.2.0',
  type: 'minor',
  severity: 'none',
  risk: 'medium',
  publishedAt: fromNow(-19 * dayMs),
  ageDays: 19,
  notes: { en: releaseNotes },
  changes: { security: 2, fixes: 5, features: 1 },
  bytesToFetch: 6_200_000,
  route: 'direct',
  seconds: { prepare: 12, restart: 5 },
  needsRestart: true,
  breaking: null,
  dataMigration: { from: 1, to: 2 },
  canBeUndone: true,
  canBeSkipped: true,
  decision: { kind: 'none' },
  waits: null,
};

export const breaking: NonNullable<OfferView['breaking']> = {
  changes: [
    'Notes move to a new document store. Version 4.2.0 cannot read the new format.',
    'Plugins written for version 3 are not loaded any more.',
  ],
  dataBytes: 214_000_000,
  canMigrate: true,
  canSnapshot: true,
  choice: null,
};

export const failure: Failure = { code: 'build/hash', detail: 'resources/app/dist/main.js: sha256 differs after the patch', retry: 'soon' };
const startFailure: Failure = { code: 'start/failed', detail: 'the program ended with code 1 after 4 s, stage database', retry: 'never' };

function generation(generation: number, version: string, rest: Partial<HistoryRow>): HistoryRow {
  return {
    generation,
    version,
    state: 'good',
    why: 'update',
    createdAt: fromNow(-dayMs),
    isRunning: false,
    isHere: true,
    by: 'user',
    wireBytes: null,
    failure: null,
    ...rest,
  };
}

const history: readonly HistoryRow[] = [
  generation(7, '4.2.0', { isRunning: true, by: 'schedule', createdAt: fromNow(-18 * dayMs), wireBytes: 5_100_000 }),
  generation(6, '4.2.0-beta.3', { state: 'bad', createdAt: fromNow(-26 * dayMs), wireBytes: 5_400_000, failure: startFailure }),
  generation(5, '4.1.3', { createdAt: fromNow(-48 * dayMs), wireBytes: 412_000 }),
  generation(4, '4.1.2', { by: 'schedule', createdAt: fromNow(-50 * dayMs), wireBytes: 398_000, isHere: false }),
  generation(1, '4.0.0', { why: 'install', by: null, createdAt: fromNow(-180 * dayMs), wireBytes: 47_800_000, isHere: false }),
];

function snapshot(id: string, version: string, rest: Partial<SnapshotRow>): SnapshotRow {
  return {
    id,
    version,
    createdAt: fromNow(-dayMs),
    kind: 'pre-update',
    note: '',
    pinned: false,
    generation: 5,
    bytes: 214_000_000,
    isHere: true,
    ...rest,
  };
}

const snapshots: readonly SnapshotRow[] = [
  snapshot('9-aa01ff', '4.2.0', {
    kind: 'manual',
    note: 'Before sorting out the archive',
    pinned: true,
    createdAt: fromNow(-3 * dayMs),
    bytes: 221_400_000,
  }),
  snapshot('8-bb01ff', '4.1.3', { createdAt: fromNow(-18 * dayMs) }),
  snapshot('7-cc01ff', '4.2.0-beta.3', { kind: 'abandoned', createdAt: fromNow(-26 * dayMs), bytes: 1_240_000, isHere: false }),
  snapshot('5-dd01ff', '4.1.2', { kind: 'scheduled', createdAt: fromNow(-48 * dayMs), bytes: 198_000_000, isHere: false }),
];

/** Nothing to do, nothing to tell. */
export const usualTopics: Topics = {
  about: {
    product: 'Notes',
    version: '4.2.0',
    channel: 'stable',
    instance: 'default',
    root: '/home/robin/.local/share/notes',
    host: 'browser',
    generation: 7,
    isSafe: false,
    ability: { kind: 'full', why: '' },
    lastCheck: { at: fromNow(-12 * minuteMs), failure: null },
    nextCheck: fromNow(5.4 * 60 * minuteMs),
    versions: { node: '24.21.0' },
  },
  preferences: { values: { ...usualPreferences, language: 'en' }, managed: [], policyFile: null },
  update: { kind: 'idle' },
  offer: null,
  banner: null,
  notices: [],
  busy: { reasons: [] },
  notes: { revision: 1 },
  history,
  snapshots: { rows: snapshots, usedBytes: 402_000_000 },
};

export const notices = {
  updated: { kind: 'updated', id: 'u1', at: fromNow(-2 * minuteMs), version: '4.2.0', from: '4.1.3', notes: { en: releaseNotes } },
  failed: {
    kind: 'failed',
    id: 'f1',
    at: fromNow(-4 * minuteMs),
    version: '4.3.0',
    failure,
    attempts: 2,
    nextTry: fromNow(9.5 * 60 * minuteMs),
  },
  takenBack: {
    kind: 'taken-back',
    id: 't1',
    at: fromNow(-9 * minuteMs),
    version: '4.3.0',
    running: '4.2.0',
    failure: startFailure,
    hasData: true,
  },
  ledger: { kind: 'ledger-rebuilt', id: 'l1', at: fromNow(-20 * minuteMs), setAside: 'ledger.db.damaged-1' },
} as const satisfies Record<string, Topics['notices'][number]>;

const notes: readonly Note[] = [
  {
    id: 4,
    title: 'Trip to the coast',
    text: 'Trip to the coast\n\nTrain leaves Friday at 16:04, platform 7. Ask Jo about the tent.\n\n- rain jackets\n- the small stove\n- two good books',
    writtenAt: fromNow(-14 * minuteMs),
  },
  {
    id: 3,
    title: 'Questions for Thursday',
    text: 'Questions for Thursday\nWhich numbers go into the report, and who checks them?',
    writtenAt: fromNow(-dayMs),
  },
  {
    id: 2,
    title: 'Grandma’s plum cake',
    text: 'Grandma’s plum cake\n350 g flour, 200 g butter, 1 kg plums, patience.',
    writtenAt: fromNow(-9 * dayMs),
  },
  {
    id: 1,
    title: 'Reading list',
    text: 'Reading list\nThe Left Hand of Darkness; A Pattern Language; The Summer Book',
    writtenAt: fromNow(-40 * dayMs),
  },
];

const provenance: Provenance = {
  version: '4.2.0',
  treeDigest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  manifestSha256: '7d793037a0760186574b0282f2f435e7c3b1f5a2d1c4e9ab33d3a1f0e9c2b4d6',
  revision: '1a2b3c4',
  source: 'https://git.example/notes',
  builtAt: fromNow(-20 * dayMs),
  builder: 'ci/release 812',
  keyIds: ['4c1d0a9b6f2e8d7355aa90cc1b7f3e20d4c6b8a19e0f2d3c4b5a697887966554'],
  files: 1204,
  damaged: [],
  checkedAt: fromNow(-1000),
};

const healthy: Health = {
  report: {
    checkedAt: fromNow(-1000),
    checked: [
      { what: 'files', count: 1204 },
      { what: 'versions', count: 2 },
      { what: 'records', count: 5 },
      { what: 'data', count: 1 },
      { what: 'config', count: 2 },
      { what: 'snapshots', count: 4 },
      { what: 'machine', count: 2 },
    ],
    findings: [],
  },
  plan: { steps: [], left: [] },
};

const treeDigest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** Two files that a repair puts back, and a disk that only a person can empty. */
export const damaged: Health = {
  report: {
    ...healthy.report,
    findings: [
      {
        code: 'file/damaged',
        subject: { kind: 'file', treeDigest, path: 'dist/main.js', change: 'bytes' },
        evidence: '4.2.0 dist/main.js: 1 byte differs',
        mends: 'replace',
      },
      {
        code: 'file/missing',
        subject: { kind: 'file', treeDigest, path: 'locales/de.json', change: 'missing' },
        evidence: '4.2.0 locales/de.json',
        mends: 'replace',
      },
      { code: 'space/low', subject: { kind: 'machine' }, evidence: '0.4 GB free', mends: null },
    ],
  },
  plan: {
    steps: [
      { kind: 'version', treeDigest, files: ['dist/main.js', 'locales/de.json'], extra: [], modes: [], isOpen: false, rewrite: false },
    ],
    left: [{ code: 'space/low', subject: { kind: 'machine' }, evidence: '0.4 GB free', mends: null }],
  },
};

const diff = `--- dist/main.js\t4.1.3
+++ dist/main.js\t4.2.0
@@ -12,7 +12,8 @@
 import { openWindow } from './window.js';
 
 export async function main(): Promise<void> {
-  const window = await openWindow();
+  const place = await lastPlace();
+  const window = await openWindow(place);
   window.show();
 }
`;

/** Answers to everything; whoever wants another one puts it over these. */
export const usualAnswers: Handlers = {
  'updates/check': async () => ({ kind: 'none', version: '4.2.0' }),
  'updates/decide': async () => null,
  'updates/break': async () => null,
  'updates/pause': async () => null,
  'updates/resume': async () => null,
  'updates/cancel': async () => null,
  'updates/restart': async () => null,
  'updates/retry': async () => null,
  'banner/dismiss': async () => null,
  'notices/close': async () => null,
  'prefs/set': async () => null,
  'prefs/reset': async () => null,
  'telemetry/preview': async () => ({ sent: { version: '4.2.0', platform: 'linux', arch: 'x64', channel: 'stable' } }),
  'history/compare': async ({ path }) => ({
    from: '4.1.3',
    to: '4.2.0',
    added: ['dist/place.js', 'dist/search/words.js', 'locales/pt.json'],
    removed: ['dist/legacy.js'],
    changed: ['dist/main.js', 'dist/window.js', 'locales/de.json', 'package.json'],
    notes: { en: releaseNotes },
    text: path === null ? null : diff,
  }),
  'history/back': async () => ({ kind: 'data', version: '4.1.3', detail: 'the data has version 2, this one reads 1' }),
  'snapshots/create': async () => snapshot('10-ee01ff', '4.2.0', { kind: 'manual' }),
  'snapshots/restore': async () => ({ kind: 'staged', version: '4.1.3', generation: 8 }),
  'snapshots/delete': async () => null,
  'snapshots/pin': async () => null,
  'data/export': async () => ({
    folder: '/home/robin/.local/share/notes/exports/2026-11-21',
    files: [
      { path: 'notes.json', bytes: 81_000 },
      { path: 'notes.md', bytes: 64_000 },
    ],
  }),
  'notes/list': async ({ search }) => notes.filter(({ text }) => text.toLowerCase().includes(search.toLowerCase())),
  'notes/write': async ({ id, text }) => ({ id: id ?? 5, title: text.split('\n')[0] ?? '', text, writtenAt: fromNow(0) }),
  'notes/delete': async () => null,
  'window/busy': async () => null,
  'about/verify': async () => ({ ...provenance, checkedAt: fromNow(0) }),
  'health/check': async () => healthy,
  'health/repair': async () => ({ report: healthy.report, fromHere: 1, fetched: 2, fetchedBytes: 88_000, failures: [] }),
  'app/quit': async () => null,
  'app/show': async () => null,
};
