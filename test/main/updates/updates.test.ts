/** The service with everything real but time, chance and the host. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, minute } from './life/life.ts';

describe('The update service', () => {
  it('checks half a minute after its window is usable, tells of a version, prepares it when asked, and starts it', async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    expect(life.board().present.update).toEqual({ kind: 'idle' });
    await life.release('1.1.0', { changelog: { notes: { en: 'More' }, changes: [{ kind: 'fix', text: 'a' }], breaking: [] } });
    await life.pass(44_000);
    expect(life.board().present.offer).toBeNull();
    await life.pass(2000);
    expect(life.board().present).toMatchObject({
      update: { kind: 'available', version: '1.1.0' },
      offer: {
        version: '1.1.0',
        from: '1.0.0',
        notes: { en: 'More' },
        changes: { fixes: 1 },
        canBeSkipped: true,
        breaking: null,
        waits: null,
      },
      banner: { kind: 'offer', level: 'subtle', version: '1.1.0', canDismiss: true, isModal: false },
    });
    await life.ask('updates/decide', { version: '1.1.0', decision: 'now' });
    await life.settle();
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.1.0', when: 'away' });
    expect(life.person.heard.map(({ code }) => code)).toEqual(['available', 'ready']);
    await life.ask('updates/restart', { when: 'now' });
    expect([life.restarts(), life.board().present.update.kind]).toEqual([1, 'restarting']);
    expect(await life.restart()).toMatchObject({ takenBack: null, generation: { version: '1.1.0', state: 'good' } });
    expect(life.board().present).toMatchObject({
      update: { kind: 'idle' },
      offer: null,
      banner: null,
      notices: [{ kind: 'updated', from: '1.0.0' }],
    });
    await life.ask('notices/close', { id: 'updated' });
    await life.restart();
    expect(life.board().present.notices).toEqual([]);
    expect(life.ledger().list('update', 5)).toMatchObject([{ to: '1.1.0', by: 'user', status: 'done', generation: 2 }, { to: '1.0.0' }]);
    expect(life.ledger().list('trial', 5)).toMatchObject([{ to: '1.1.0', status: 'done' }, { to: '1.0.0' }]);
  });

  it.each(['random bytes', ''])(
    'R15 starts with whatever its own records have become (%j), and tells that the ledger was made anew',
    async (damage) => {
      await using folder = await tempFolder();
      await using life = await beginLife(folder.path);
      await life.release('1.1.0');
      await life.pass(minute);
      await life.ask('updates/decide', { version: '1.1.0', decision: 'later' });
      await life.ask('prefs/set', { theme: 'dark' });
      await life.close();
      const { folder: own } = life.place.instance;
      for (const name of ['decisions.json', 'offer.json', 'preferences.json']) await writeFile(join(own, name), damage);
      await writeFile(join(own, 'ledger.db'), 'random bytes'.repeat(1000));
      await life.restart();
      expect(life.board().present).toMatchObject({
        update: { kind: 'idle' },
        offer: null,
        notices: [{ kind: 'ledger-rebuilt', setAside: 'ledger.db.damaged-1' }],
        preferences: { values: { theme: 'system' } },
      });
      expect(life.ledger().list('update', 5)).toMatchObject([{ to: '1.0.0', status: 'done' }]);
      await life.pass(minute);
      expect(life.board().present).toMatchObject({ offer: { version: '1.1.0', decision: { kind: 'none' } } });
    },
  );
});
