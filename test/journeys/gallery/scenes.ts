/** Every screen of the window in each of its states, by name: what is on the board, where the window is, and what is opened by hand. */
import type { Page } from '@playwright/test';
import type { Handlers } from '../../../src/main/contract/serve.ts';
import type { Topics } from '../../../src/main/contract/topics.ts';
import type { Banner } from '../../../src/main/contract/views.ts';
import type { UpdateState } from '../../../src/updater/model/application/state.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { breaking, damaged, failure, fromNow, notices, offer, usualTopics } from './fixtures.ts';

export interface Scene {
  readonly name: string;
  readonly place: string;
  readonly topics?: Partial<Topics>;
  readonly answers?: Partial<Handlers>;
  /** What a person does to get there. */
  act?(page: Page): Promise<void>;
}

const offered = {
  kind: 'offer',
  version: '4.3.0',
  ageDays: 2,
  bytesToFetch: 6_200_000,
  securityFixes: 0,
  canDismiss: true,
  isModal: false,
} as const;
const available: UpdateState = { kind: 'available', version: '4.3.0', bytesToFetch: 6_200_000 };
const onOffer = { offer, update: available };
const ready: UpdateState = { kind: 'ready', version: '4.3.0', generation: 8, when: 'quit', restartAt: null };

function banner(name: string, shown: Banner, rest: Partial<Topics> = onOffer): Scene {
  return { name: `banner-${name}`, place: 'notes', topics: { ...rest, banner: shown } };
}

const banners: readonly Scene[] = [
  banner('subtle', { ...offered, level: 'subtle' }),
  banner('yellow', { ...offered, level: 'yellow', ageDays: 19 }),
  banner('orange', { ...offered, level: 'orange', ageDays: 45, securityFixes: 2 }),
  banner('red', { ...offered, level: 'red', ageDays: 63, canDismiss: false }),
  banner('ready', { kind: 'ready', version: '4.3.0' }, { offer, update: ready }),
  banner('restart-soon', { kind: 'ready', version: '4.3.0' }, { offer, update: { ...ready, when: 'away', restartAt: fromNow(43_000) } }),
  banner('managed', { kind: 'managed', version: '4.3.0', by: 'Debian' }),
  banner('recalled', { kind: 'recalled', version: '4.2.0', back: '4.1.3' }, {}),
];

const preparing: Extract<UpdateState, { kind: 'preparing' }> = {
  kind: 'preparing',
  version: '4.3.0',
  progress: { step: 'download', doneBytes: 2_600_000, totalBytes: 6_200_000 },
  pace: { share: 0.36, bytesPerSecond: 5_800_000, secondsLeft: 14, isStalled: false },
  isPaused: false,
};

function update(name: string, state: UpdateState, rest: Partial<Topics> = {}): Scene {
  return { name: `updates-${name}`, place: 'updates', topics: { update: state, ...rest } };
}

const { about } = usualTopics;
const states: readonly Scene[] = [
  update('idle', { kind: 'idle' }),
  update(
    'offline',
    { kind: 'idle' },
    {
      about: { ...about, lastCheck: { at: fromNow(-7_200_000), failure: { code: 'check/offline', detail: 'no answer', retry: 'later' } } },
    },
  ),
  update('checking', { kind: 'checking', by: 'user' }),
  update('available', available, { offer }),
  update('skipped', { kind: 'idle' }, { offer: { ...offer, decision: { kind: 'skipped' } } }),
  update('later', available, { offer: { ...offer, decision: { kind: 'later', until: fromNow(23 * 3_600_000) } } }),
  update('preparing', preparing, { offer }),
  update(
    'building',
    {
      ...preparing,
      progress: { step: 'build', doneBytes: 88_000_000, totalBytes: 121_000_000 },
      pace: { share: 0.72, bytesPerSecond: null, secondsLeft: 4, isStalled: false },
    },
    { offer },
  ),
  update('stalled', { ...preparing, pace: { ...preparing.pace, isStalled: true } }, { offer }),
  update('paused', { ...preparing, isPaused: true }, { offer }),
  update('ready', ready, { offer }),
  update('restarting', { kind: 'restarting', version: '4.3.0' }, { offer }),
  update('confirming', { kind: 'confirming', version: '4.3.0', healthyForMs: 20_000 }),
  update('failed', { kind: 'failed', failure }, { offer, notices: [notices.failed] }),
  update(
    'disabled',
    { kind: 'disabled', why: 'inform-only' },
    { about: { ...about, ability: { kind: 'inform-only', why: 'the tree is owned by a package manager' } } },
  ),
];

const told: readonly Scene[] = [
  { name: 'notice-updated', place: 'notes', topics: { notices: [notices.updated] } },
  { name: 'notice-failed', place: 'notes', topics: { notices: [notices.failed] } },
  { name: 'notice-taken-back', place: 'notes', topics: { notices: [notices.takenBack] } },
  { name: 'notice-several', place: 'updates', topics: { notices: [notices.failed, notices.takenBack, notices.ledger] } },
];

const dialogs: readonly Scene[] = [
  {
    name: 'prompt',
    place: 'notes',
    topics: { ...onOffer, banner: { ...offered, level: 'yellow', ageDays: 19 } },
    act: (page) => press(page, 'Review'),
  },
  {
    name: 'prompt-red',
    place: 'notes',
    topics: { ...onOffer, banner: { ...offered, level: 'red', ageDays: 63, canDismiss: false, isModal: true } },
  },
  {
    name: 'prompt-always',
    place: 'updates',
    topics: onOffer,
    act: async (page) => {
      await press(page, 'Review and update…');
      await press(page, 'Always auto-update');
    },
  },
  {
    name: 'restart',
    place: 'updates',
    topics: { offer, update: ready, busy: { reasons: ['unsaved'] } },
    act: (page) => press(page, 'Restart…'),
  },
  {
    name: 'breaking',
    place: 'updates',
    topics: { update: available, offer: { ...offer, breaking, waits: 'breaking' } },
    act: async (page) => {
      await press(page, 'Decide…');
      await press(page, 'Update now');
    },
  },
  {
    name: 'breaking-no-space',
    place: 'updates',
    topics: { update: available, offer: { ...offer, breaking: { ...breaking, canMigrate: false, canSnapshot: false } } },
    act: async (page) => {
      await press(page, 'Decide…');
      await press(page, 'Update now');
    },
  },
];

const managed = {
  values: { ...usualTopics.preferences.values, autoUpdate: 'security' },
  managed: ['autoUpdate', 'channel'],
  policyFile: '/etc/moult/policy.json',
} as const;

const pages: readonly Scene[] = [
  { name: 'notes', place: 'notes' },
  { name: 'notes-open', place: 'notes', act: (page) => page.getByRole('button', { name: /^Trip to the coast/ }).click() },
  {
    name: 'notes-unsaved',
    place: 'notes',
    act: async (page) => {
      await page.getByRole('button', { name: /^Trip to the coast/ }).click();
      await page.getByRole('textbox', { name: 'Text of the note' }).press('Control+End');
      await page.getByRole('textbox', { name: 'Text of the note' }).pressSequentially('\n- sun cream');
    },
  },
  { name: 'notes-empty', place: 'notes', answers: { 'notes/list': async () => [] } },
  { name: 'notes-nothing-found', place: 'notes', act: (page) => page.getByRole('searchbox').fill('walrus') },
  {
    name: 'notes-failing',
    place: 'notes',
    answers: { 'notes/list': () => Promise.reject(new Failed('disk/io', 'the database cannot be read')) },
  },
  { name: 'evolutions', place: 'evolutions' },
  { name: 'history', place: 'history' },
  {
    name: 'history-first',
    place: 'history',
    topics: { history: usualTopics.history.slice(-1).map((row) => ({ ...row, isRunning: true, isHere: true })) },
  },
  {
    name: 'history-back',
    place: 'history',
    act: async (page) => {
      await press(page, 'Go back to 4.1.3');
      await press(page, 'Go back');
    },
  },
  { name: 'history-why', place: 'history', act: (page) => press(page, 'Why 4.2.0-beta.3 was taken back') },
  { name: 'history-compare', place: 'history/compare/5/7', act: (page) => page.getByRole('button', { name: /^dist\/main\.js/ }).click() },
  { name: 'snapshots', place: 'snapshots' },
  { name: 'snapshots-empty', place: 'snapshots', topics: { snapshots: { rows: [], usedBytes: 0 } } },
  { name: 'snapshots-make', place: 'snapshots', act: (page) => press(page, 'Make a snapshot') },
  {
    name: 'snapshots-restore',
    place: 'snapshots',
    act: (page) =>
      page
        .getByRole('button', { name: /^Restore the snapshot/ })
        .first()
        .click(),
  },
  { name: 'health', place: 'health' },
  { name: 'health-checked', place: 'health', act: (page) => press(page, 'Run all checks') },
  {
    name: 'health-damaged',
    place: 'health',
    answers: { 'health/check': async () => damaged },
    act: (page) => press(page, 'Run all checks'),
  },
  {
    name: 'health-repair',
    place: 'health',
    answers: { 'health/check': async () => damaged },
    act: async (page) => {
      await press(page, 'Run all checks');
      await press(page, 'Repair…');
    },
  },
  { name: 'settings', place: 'settings' },
  { name: 'settings-managed', place: 'settings', topics: { preferences: managed } },
  { name: 'settings-preview', place: 'settings', act: (page) => press(page, 'Show exactly what would be sent') },
  { name: 'about', place: 'about' },
];

export const scenes: readonly Scene[] = [...pages, ...banners, ...states, ...told, ...dialogs];

/** Presses the one button of this name. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}
