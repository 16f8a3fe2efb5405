import type { Browser, BrowserContext, Page } from '@playwright/test';
import type { Preferences } from '../../../src/main/contract/preferences.ts';
import { usualTopics } from './fixtures.ts';
import { show, type Gallery } from './gallery.ts';
import type { Scene } from './scenes.ts';

/** How a window looks. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  readonly language: Preferences['language'];
}

export const wide: Look = { width: 1280, height: 800, scheme: 'light', language: 'en' };
export const narrow: Look = { width: 360, height: 740, scheme: 'light', language: 'en' };

/** A window in the gallery, and what went wrong in it so far: errors of its scripts, on its console, and of its policy. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly troubles: readonly string[];
}

/** Opens a window on the gallery. */
export async function visit(browser: Browser, gallery: Gallery, look: Look): Promise<Visit> {
  const { width, height, scheme } = look;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  await page.goto(gallery.address());
  await page.getByRole('heading', { level: 1 }).waitFor();
  return { page, troubles, [Symbol.asyncDispose]: () => leave(context) };
}

/** Brings a window to a scene from wherever it was: a fresh page of the same tab. */
export async function enter(
  { page }: Pick<Visit, 'page'>,
  gallery: Gallery,
  { scene, look }: { readonly scene: Scene; readonly look: Look },
): Promise<void> {
  gallery.reset();
  gallery.answerWith(scene.answers ?? {});
  const { topics = {} } = scene;
  // A person who speaks no English finds the buttons by their place; a scene's steps find them by their words.
  const speak = (language: Preferences['language']): void => {
    const { values, ...rest } = topics.preferences ?? usualTopics.preferences;
    show(gallery.board, { ...topics, preferences: { ...rest, values: { ...values, language } } });
  };
  speak('en');
  // As text: this file knows Node, and the window knows the browser.
  await page.evaluate(`sessionStorage.removeItem('moult.draft'); location.hash = ${JSON.stringify(`#/${scene.place}`)}`);
  await page.reload();
  await page.locator('main:not([aria-busy])').waitFor();
  await scene.act?.(page);
  if (look.language !== 'en') speak(look.language);
  await page.locator(`html[lang="${look.language}"]`).waitFor();
}

async function leave(context: BrowserContext): Promise<void> {
  await context.close();
}
