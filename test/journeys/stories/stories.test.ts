/** The three people's stories, and what else may happen on the way: a real server, a real installation, a real browser. */
import { writeFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { expect as expectPage } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentGeneration, stagedGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../src/updater/install/layout.ts';
import { tempFolder } from '../../ground/folder.ts';
import { launchBrowser } from '../gallery/browser.ts';
import { openGround, shellTree, type Ground } from '../ground.ts';
import { sitDown } from './person.ts';

const soon = expectPage.configure({ timeout: 60_000 });
const notes = { en: '## Searching\n\n- Notes can be **searched**.\n- A mistake at start is gone.\n' };
const changes = [
  { kind: 'feature', text: 'Notes can be searched' },
  { kind: 'fix', text: 'A mistake at start is gone' },
];

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

function instanceIn({ root }: Ground): Instance {
  return instanceOf(layoutOf(root), 'default');
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await soon(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

async function writeNote(page: Page, text: string): Promise<void> {
  await goTo(page, 'Notes');
  await page.getByRole('button', { name: 'New note' }).click();
  await page.getByRole('textbox', { name: 'Text of the note' }).fill(text);
  await page.getByRole('button', { name: 'Save' }).click();
  await soon(page.getByText(/^Saved /)).toBeVisible();
}

async function checkForUpdates(page: Page): Promise<void> {
  await goTo(page, 'Updates');
  await page.getByRole('button', { name: 'Check for updates' }).click();
}

async function becomesGood(ground: Ground, version: string): Promise<void> {
  await expect.poll(() => currentGeneration(instanceIn(ground)), { timeout: 60_000 }).toMatchObject({ version, state: 'good' });
}

async function review(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Review/ })
    .first()
    .click();
}

async function updateNow(page: Page): Promise<void> {
  await review(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Update now' }).click();
}

async function restartNow(page: Page): Promise<void> {
  await soon(page.getByRole('button', { name: 'Restart…' })).toBeVisible();
  await page.getByRole('button', { name: 'Restart…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restart now' }).click();
}

describe('an end user', () => {
  it('accepts a prompt, watches the progress, restarts into the new version, and sees what is new; nothing is lost', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await writeNote(page, 'Buy milk');
    await ground.publisher.release('1.1.0', shellTree('two'), { changelog: { notes, changes, breaking: [] } });

    await checkForUpdates(page);
    await review(page);
    const prompt = page.getByRole('dialog');
    await soon(prompt).toContainText('Version 1.1.0 is available');
    await soon(prompt).toContainText('You have 1.0.0');
    await soon(prompt.getByText('Notes can be searched')).toBeVisible();
    await soon(prompt.getByRole('button', { name: 'Update now' })).toBeFocused();
    await prompt.getByRole('button', { name: 'Update now' }).click();

    await page.reload();
    await restartNow(page);
    await person.follow();
    await soon(page.getByText('You now have 1.1.0')).toBeVisible();
    await goTo(page, 'Notes');
    await soon(page.getByRole('button', { name: /Buy milk/ })).toBeVisible();
    await becomesGood(ground, '1.1.0');
    await page.getByRole('navigation').getByRole('link', { name: 'About' }).click();
    await soon(page.getByRole('heading', { level: 1, name: 'moult 1.1.0' })).toBeVisible();
    expect(person.troubles).toEqual([]);
  });

  it('says later, then skips; a skipped version does not come back, its successor does', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await ground.publisher.release('1.1.0', shellTree('two'));
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await checkForUpdates(page);
    await review(page);
    await page.keyboard.press('Escape');
    await soon(page.getByRole('heading', { name: 'Version 1.1.0 waits' })).toBeVisible();
    await review(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Skip this version' }).click();
    await soon(page.getByRole('heading', { name: 'Version 1.1.0 is skipped' })).toBeVisible();
    await soon(page.getByRole('region', { name: 'Update', exact: true })).not.toContainText('1.1.0');
    await ground.publisher.release('1.2.0', shellTree('three'));
    await checkForUpdates(page);
    await soon(page.getByRole('region', { name: 'Update', exact: true })).toContainText('1.2.0');
    expect(person.troubles).toEqual([]);
  });

  it('is told plainly when the server cannot be reached and when its answer is not signed, and goes on working', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    const timestamp = join(ground.publisher.repo, 'metadata', 'timestamp.json');
    await writeFile(
      timestamp,
      (await readFile(timestamp, 'utf8')).replace(/"sig":"./, (start) => `${start.slice(0, -1)}${start.endsWith('0') ? '1' : '0'}`),
    );
    await checkForUpdates(page);
    await soon(page.getByRole('main')).toContainText('The update information is not signed as it must be.');
    await ground.server.close();
    await page
      .getByRole('button', { name: /Check for updates|Try again/ })
      .first()
      .click();
    await soon(page.getByRole('main')).toContainText('The update server could not be reached.');
    await writeNote(page, 'Still here');
    expect(person.troubles).toEqual([]);
  });

  it('sees the same in two windows at once, and a reload loses nothing', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await writeNote(page, 'In both');
    const other = await person.another();
    await soon(other.getByRole('button', { name: /In both/ })).toBeVisible();
    await writeNote(page, 'Written later');
    await soon(other.getByRole('button', { name: /Written later/ })).toBeVisible();
    await other.reload();
    await soon(other.getByRole('button', { name: /Written later/ })).toBeVisible();
    expect(person.troubles).toEqual([]);
  });
});

describe('somebody whose data a version breaks with', () => {
  it('exports it, starts fresh, and brings it back from the snapshot that was made', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await writeNote(page, 'Precious');
    const breaking = [{ what: 'Notes of 1.0.0 cannot be read', exports: ['json'] }];
    await ground.publisher.release('1.1.0', shellTree('two'), { changelog: { notes: {}, changes: [], breaking } });
    await checkForUpdates(page);
    await page.getByRole('button', { name: 'Decide…' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Update now' }).click();
    const dialog = page.getByRole('alertdialog');
    await soon(dialog).toContainText('Notes of 1.0.0 cannot be read');
    await soon(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await dialog.getByRole('button', { name: 'Export data…' }).click();
    await soon(dialog).toContainText('files were written to');
    await dialog.getByRole('button', { name: 'Start fresh' }).click();
    await restartNow(page);
    await person.follow();
    await goTo(page, 'Notes');
    await soon(page.getByRole('heading', { name: 'No notes yet' })).toBeVisible();

    await becomesGood(ground, '1.1.0');
    await goTo(page, 'Snapshots');
    await page
      .getByRole('button', { name: /^Restore the snapshot of/ })
      .first()
      .click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).click();
    await goTo(page, 'Updates');
    await restartNow(page);
    await person.follow();
    await goTo(page, 'Notes');
    await soon(page.getByRole('button', { name: /Precious/ })).toBeVisible();
    expect(person.troubles).toEqual([]);
  });
});

describe('somebody who liked the version before better', () => {
  it('sees what changed between the two, goes back without a download, and keeps what was written', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await ground.publisher.release('1.1.0', shellTree('two'));
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await checkForUpdates(page);
    await updateNow(page);
    await restartNow(page);
    await person.follow();
    await becomesGood(ground, '1.1.0');
    await writeNote(page, 'Written in 1.1.0');
    await ground.server.close();

    await goTo(page, 'History');
    await page.getByRole('button', { name: 'Compare 1.0.0 with the running version' }).click();
    await page.getByRole('button', { name: /about\.txt/ }).click();
    await soon(page.getByRole('main')).toContainText('+two');
    await goTo(page, 'History');
    await page.getByRole('button', { name: 'Go back to 1.0.0' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Go back' }).click();
    await restartNow(page);
    await person.follow();
    await becomesGood(ground, '1.0.0');
    await goTo(page, 'Notes');
    await soon(page.getByRole('button', { name: /Written in 1\.1\.0/ })).toBeVisible();
    expect(person.troubles).toEqual([]);
  });
});

describe('somebody who wants to think of it no more', () => {
  it('picks Always auto-update once and finds the next version installed without being asked', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await ground.publisher.release('1.1.0', shellTree('two'), { risk: 'low' });
    {
      await using person = await sitDown(browser, ground.root);
      const { page } = person;
      await checkForUpdates(page);
      await review(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Always auto-update' }).click();
      await page.getByRole('button', { name: 'Update now and always' }).click();
      await restartNow(page);
      await person.follow();
      await becomesGood(ground, '1.1.0');
      await ground.publisher.release('1.2.0', shellTree('three'), { risk: 'low' });
      await checkForUpdates(page);
      // Nobody is asked anything: it is prepared by itself.
      await expect.poll(() => stagedGeneration(instanceIn(ground)), { timeout: 60_000 }).toMatchObject({ version: '1.2.0' });
      expect(person.troubles).toEqual([]);
    }
    await using later = await sitDown(browser, ground.root);
    await soon(later.page.getByText('You now have 1.2.0')).toBeVisible();
    expect(later.troubles).toEqual([]);
  });
});

describe('a support person', () => {
  it('finds damage, sees what a repair would do, repairs it, and finds nothing any more', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    const name = (await readdir(join(ground.root, 'versions'))).find((each) => !/\.(json|boot)$/.test(each)) ?? '';
    await writeFile(join(ground.root, 'versions', name, 'about.txt'), 'two\n');
    await goTo(page, 'Health');
    await page.getByRole('button', { name: 'Run all checks' }).click();
    await soon(page.getByRole('heading', { name: '1 problem found' })).toBeVisible();
    await page.getByRole('button', { name: 'Repair…' }).click();
    const repair = page.getByRole('alertdialog');
    await soon(repair).toContainText('Nothing was changed yet');
    await repair.getByRole('button', { name: 'Repair now' }).click();
    await soon(repair).toContainText('Everything is repaired.');
    await repair.getByRole('button', { name: 'OK' }).click();
    await soon(page.getByRole('heading', { name: 'No problems found' })).toBeVisible();
    expect(await readFile(join(ground.root, 'versions', name, 'about.txt'), 'utf8')).toBe('one\n');
    expect(person.troubles).toEqual([]);
  });
});

/** Rehearses well, and ends at once when it counts. */
const badProgram = `#!/bin/sh
[ "$MOULT_MODE" != run ] || exit 3
printf '{"stage":"ready"}\\n' >>"$MOULT_HEALTH"
`;

describe('a bad release', () => {
  it('takes itself back, and the window says so in four parts', async () => {
    await using folder = await tempFolder();
    await using ground = await openGround(folder.path);
    await using person = await sitDown(browser, ground.root);
    const { page } = person;
    await ground.publisher.release('1.1.0', {
      ...shellTree('bad'),
      notes: { program: badProgram },
    });
    await checkForUpdates(page);
    await updateNow(page);
    await restartNow(page);
    await person.follow();
    await goTo(page, 'Updates');
    await soon(page.getByRole('main')).toContainText('We went back to 1.0.0');
    await soon(page.getByRole('main')).toContainText('start/failed');
    await soon(page.getByRole('main')).toContainText('1.1.0 is on hold until a newer version is there.');
    expect(await currentGeneration(instanceIn(ground))).toMatchObject({ version: '1.0.0' });
    expect(person.troubles).toEqual([]);
  });
});
