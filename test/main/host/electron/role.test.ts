/** What a start of Electron's program is for, and since when nobody is there: decided without Electron. */
import { expect, test } from 'vitest';
import { roleOf } from '../../../../electron/role.ts';
import { idleMs } from '../../../../electron/system/power.ts';

const byContract = { MOULT_MODE: 'run' };

test('what a supervisor starts is the program', () => {
  expect(roleOf([], byContract)).toEqual({ kind: 'program', words: [] });
});

test('Chromium’s words are not ours', () => {
  expect(roleOf(['--ozone-platform=headless', '--disable-gpu', 'list'], byContract)).toEqual({ kind: 'program', words: ['list'] });
  expect(roleOf(['--no-sandboxes'], {})).toEqual({ kind: 'command', words: ['--no-sandboxes'] });
});

test('everything else is the command: by its name, by a launcher’s words, by the switch, and start where nothing is said', () => {
  expect([
    roleOf(['--disable-gpu', '--moult', 'status', '--json'], {}),
    roleOf(['--root', '/r', 'start'], {}),
    roleOf(['--root', '/r', '--switch'], {}),
    roleOf([], {}),
  ]).toEqual([
    { kind: 'command', words: ['status', '--json'] },
    { kind: 'command', words: ['--root', '/r', 'start'] },
    { kind: 'command', words: ['--root', '/r', '--switch'] },
    { kind: 'command', words: ['start'] },
  ]);
});

test('somebody is there who touched the machine or a window of ours; where the machine does not know, our windows do', () => {
  const monitor = (state: 'active' | 'unknown') => ({ getSystemIdleState: () => state, getSystemIdleTime: () => 700 });
  expect([idleMs(monitor('active'), 900_000), idleMs(monitor('active'), 1000)]).toEqual([700_000, 1000]);
  expect(idleMs(monitor('unknown'), 900_000)).toBe(900_000);
});
