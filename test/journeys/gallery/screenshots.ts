/** `npm run screenshots [name…]`: every scene, light and dark, wide and narrow, into dist/screenshots; look at them. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './browser.ts';
import { openGallery } from './gallery.ts';
import { scenes } from './scenes.ts';
import { enter, narrow, visit, wide } from './visit.ts';

const pages = fileURLToPath(new URL('../../../dist/renderer', import.meta.url));
const folder = fileURLToPath(new URL('../../../dist/screenshots', import.meta.url));
const asked = process.argv.slice(2);
const wanted = scenes.filter(({ name }) => asked.length === 0 || asked.some((part) => name.startsWith(part)));

await mkdir(folder, { recursive: true });
await using gallery = await openGallery(pages);
const browser = await launchBrowser();
for (const base of [wide, narrow]) {
  for (const scheme of ['light', 'dark'] as const) {
    const look = { ...base, scheme };
    await using window = await visit(browser, gallery, look);
    for (const scene of wanted) {
      await enter(window, gallery, { scene, look });
      await window.page.waitForTimeout(60);
      await window.page.screenshot({ path: `${folder}/${scene.name}-${look.width}-${scheme}.png` });
    }
    for (const trouble of new Set(window.troubles)) process.stderr.write(`${trouble}\n`);
  }
}
await browser.close();
process.stdout.write(`${wanted.length} scenes in ${folder}\n`);
