/** What a person says about an offer, and how long it holds. */
import { expect, it } from 'vitest';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, hour, minute } from './life/life.ts';

it('Later, skip and dismiss hold as long as they are said to, across restarts, and no longer', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const shown = () => {
    const { update, offer, banner } = life.board().present;
    return [update.kind, offer?.version, offer?.decision.kind, banner?.kind];
  };
  await life.release('1.1.0');
  await life.pass(minute);
  expect(shown()).toEqual(['available', '1.1.0', 'none', 'offer']);

  await life.ask('updates/decide', { version: '1.1.0', decision: 'later', hours: 4 });
  await life.pass(4 * hour - minute);
  expect(shown()).toEqual(['available', '1.1.0', 'later', undefined]);
  await life.pass(2 * minute);
  expect(shown()).toEqual(['available', '1.1.0', 'later', 'offer']);

  await life.ask('updates/decide', { version: '1.1.0', decision: 'skip' });
  expect(shown()).toEqual(['idle', '1.1.0', 'skipped', undefined]);
  await life.restart();
  await life.pass(minute);
  expect(shown()).toEqual(['idle', '1.1.0', 'skipped', undefined]);
  expect(await life.ask('updates/check', {})).toEqual({ kind: 'available', version: '1.1.0' });
  expect(shown()).toEqual(['available', '1.1.0', 'none', 'offer']);
  await life.ask('updates/decide', { version: '1.1.0', decision: 'skip' });
  await life.release('1.2.0');
  await life.pass(7 * hour);
  expect(shown()).toEqual(['available', '1.2.0', 'none', 'offer']);

  await life.release('1.3.0', { severity: 'high', type: 'security' });
  await life.pass(7 * hour);
  expect(life.board().present).toMatchObject({
    offer: { version: '1.3.0', canBeSkipped: false },
    banner: { level: 'yellow', canDismiss: true },
  });
  await expect(life.ask('updates/decide', { version: '1.3.0', decision: 'skip' })).rejects.toThrow('usage/wrong: 1.3.0 cannot be skipped');
  await expect(life.ask('updates/decide', { version: '1.2.0', decision: 'now' })).rejects.toThrow('check/no-such-version');
  await life.ask('banner/dismiss', {});
  await life.pass(23 * hour);
  expect(shown()).toEqual(['available', '1.3.0', 'none', undefined]);
  await life.pass(2 * hour);
  expect(shown()).toEqual(['available', '1.3.0', 'none', 'offer']);
  await life.release('1.4.0', { severity: 'critical' });
  await life.ask('updates/check', {});
  expect(life.board().present.banner).toMatchObject({ level: 'red', canDismiss: false, isModal: false });
  await expect(life.ask('banner/dismiss', {})).rejects.toThrow('usage/wrong: what is urgent cannot be dismissed');
  await life.ask('updates/decide', { version: '1.4.0', decision: 'later' });
  expect(shown()).toEqual(['available', '1.4.0', 'later', 'offer']);

  expect(life.board().present.preferences.values.autoUpdate).toBe('ask');
  await life.ask('updates/decide', { version: '1.4.0', decision: 'always' });
  await life.settle();
  expect(shown()).toEqual(['ready', '1.4.0', 'none', 'ready']);
  expect(life.board().present.preferences.values.autoUpdate).toBe('all');
  const said = life
    .ledger()
    .list('decision', 10)
    .map(({ what, to }) => `${what} ${to}`);
  expect(said.toReversed()).toEqual([
    'later 4 h 1.1.0',
    'skip 1.1.0',
    'skip 1.1.0',
    'dismiss yellow 1.3.0',
    'later 24 h 1.4.0',
    'always 1.4.0',
  ]);
});

it('At red a dialog comes by itself when somebody comes to the machine, once a day, and never over their work', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const isModal = (): boolean => {
    const { banner } = life.board().present;
    return banner?.kind === 'offer' && banner.isModal;
  };
  await life.release('1.1.0', { severity: 'critical' });
  await life.pass(minute);
  expect(life.board().present.banner).toMatchObject({ level: 'red', isModal: false });
  const comeBack = async (): Promise<boolean> => {
    life.person.signal('unlocked');
    await life.settle();
    return isModal();
  };
  for (const blocking of [{ isFullScreen: true }, { sinceTypingMs: 59_000 }]) {
    life.person.change(blocking);
    expect(await comeBack()).toBe(false);
    life.person.change({ isFullScreen: false, sinceTypingMs: minute });
  }
  life.busy = ['unsaved'];
  expect(await comeBack()).toBe(false);
  life.busy = [];
  expect(await comeBack()).toBe(true);
  await life.ask('updates/decide', { version: '1.1.0', decision: 'later' });
  expect([isModal(), life.board().present.banner?.kind]).toEqual([false, 'offer']);
  await life.pass(23 * hour);
  expect(await comeBack()).toBe(false);
  await life.pass(2 * hour);
  expect(await comeBack()).toBe(true);
  await life.restart();
  expect(isModal()).toBe(false);
  await life.pass(25 * hour);
  await life.restart();
  expect(isModal()).toBe(true);
});
