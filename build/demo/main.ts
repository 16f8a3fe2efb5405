/** `npm run demo`: tells the story, prints a table, or with `--json` one document, and opens what it installed where a window can be shown and `--headless` was not said. Exit code 0 only when everything matched. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { barFor, runCommand, say, type Bar } from '../../src/main/cli/terminal.ts';
import type { Job } from '../../src/updater/model/job.ts';
import { hasDisplay, lookAt } from './product.ts';
import { installedIn, tellStory } from './story.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    headless: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const manner = { json: values.json, quiet: false };

process.exitCode = await runCommand(manner, async (job) => {
  const folder = await mkdtemp(join(tmpdir(), 'moult-demo-'));
  try {
    const seconds: Record<string, number> = {};
    const found = await tellStory({
      folder,
      cache: fileURLToPath(new URL('../../node_modules/.cache/moult', import.meta.url)),
      step: stepper(seconds, job),
    });
    say(manner, { ...found, seconds }, tableOf(found, seconds));
    if (hasDisplay() && !values.headless && !values.json) await lookAt(installedIn(folder));
    return found.ok ? 0 : 1;
  } finally {
    if (values.keep)
      process.stderr.write(`kept in ${folder}; to look at it: ${join(installedIn(folder), 'boot', 'moult')} --host browser\n`);
    else await rm(folder, { recursive: true, force: true });
  }
});

/** Runs steps one after the other, shows the running one, and notes how many seconds each took. */
function stepper(seconds: Record<string, number>, outer: Job) {
  const bar: Bar = barFor(manner);
  return async <Result>(name: string, work: (job: Job) => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    if (manner.json) process.stderr.write(`${JSON.stringify({ step: name })}\n`);
    else if (!process.stderr.isTTY) process.stderr.write(`… ${name}\n`);
    const result = await work({ signal: outer.signal, report: (progress) => bar.show(progress) });
    bar.clear();
    seconds[name] = Math.round((performance.now() - startedAt) / 100) / 10;
    if (!manner.json) process.stderr.write(`✓ ${name.padEnd(28)} ${seconds[name].toFixed(1).padStart(6)} s\n`);
    return result;
  };
}
