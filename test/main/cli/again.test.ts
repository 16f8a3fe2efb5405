/** How a command starts itself once more. */
import { expect, test } from 'vitest';
import { startedAgain, thisProcess } from '../../../src/main/cli/again.ts';

const self = {
  execPath: '/opt/app/moult',
  script: '/opt/app/moult.mjs',
  isElectron: false,
  platform: 'linux',
  appImage: undefined,
} as const;

test('Node starts its script again', () => {
  expect(startedAgain(self)).toEqual({ program: '/opt/app/moult', args: ['/opt/app/moult.mjs'] });
  expect(thisProcess()).toMatchObject({ execPath: process.execPath, script: process.argv[1], isElectron: false });
});

test('Electron starts itself with the words that make it the command, on Linux without a display', () => {
  const electron = { ...self, isElectron: true };
  expect(startedAgain(electron).args).toEqual(['--ozone-platform=headless', '--disable-gpu', '--moult']);
  expect(startedAgain({ ...electron, platform: 'win32' })).toEqual({ program: '/opt/app/moult', args: ['--moult'] });
});

test('an AppImage is started by its file: the program in it goes away with the one that runs', () => {
  const again = startedAgain({ ...self, isElectron: true, appImage: '/home/a/Moult.AppImage' });
  expect(again).toEqual({
    program: '/home/a/Moult.AppImage',
    args: ['--appimage-extract-and-run', '--ozone-platform=headless', '--disable-gpu', '--moult'],
  });
});
