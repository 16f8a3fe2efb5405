/**
 * What a tree says about itself in its optional `moult.json` (at the top of the tree, at most 1 MiB; unknown fields are ignored):
 *
 *     { "entry": { "program", "args" }, "data": { … }, "dataVersion", "configSchema", "chromiumMajor",
 *       "health": { "stageTimeoutMs", "tries", "errorRateLimit" }, "parts": { "runtime": [glob, …] } }
 */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../../src/updater/disk/atomic.ts';
import { manifestSchema, type Manifest } from '../../../src/updater/model/manifest.ts';
import { parseAs } from '../../../src/updater/model/parse.ts';
import type { Tree, TreeFile } from '../../../src/updater/model/tree.ts';

const health = manifestSchema.shape.health.shape;

const applicationSchema = z.object({
  entry: manifestSchema.shape.entry.default(null),
  data: manifestSchema.shape.data.default(null),
  dataVersion: manifestSchema.shape.dataVersion.default(0),
  configSchema: manifestSchema.shape.configSchema.default(0),
  chromiumMajor: manifestSchema.shape.chromiumMajor.default(null),
  health: z
    .object({
      stageTimeoutMs: health.stageTimeoutMs.default(30_000),
      tries: health.tries.default(3),
      errorRateLimit: health.errorRateLimit.default(50),
    })
    .prefault({}),
  parts: z.object({ runtime: z.array(z.string().min(1).max(1024)).max(1000) }).optional(),
});

/** The manifest's fields that come from the tree itself. */
export type Application = Pick<Manifest, 'entry' | 'data' | 'dataVersion' | 'configSchema' | 'chromiumMajor' | 'health'>;

/** Reads what a tree says about itself and marks its files as runtime or app; throws `usage/wrong` naming the field that is wrong. */
export async function readApplication(folder: string, tree: Tree): Promise<{ application: Application; tree: Tree }> {
  const read = await readRecord(join(folder, 'moult.json'), parseApplication);
  const { parts, ...application } = read ?? parseApplication({});
  const isRuntime = parts === undefined ? runtimeOfPackagedApp(folder) : matchesAny(parts.runtime);
  const files = tree.files.map((file): TreeFile => ({ ...file, part: isRuntime(file.path) ? 'runtime' : 'app' }));
  return { application, tree: { ...tree, files } };
}

function parseApplication(value: unknown): z.output<typeof applicationSchema> {
  return parseAs(applicationSchema, value, { what: 'moult.json', code: 'usage/wrong' });
}

/** In what electron-builder makes, the runtime is everything around `resources/`; any other tree is all application. */
function runtimeOfPackagedApp(folder: string): (path: string) => boolean {
  const isPackaged = ['app', 'app.asar'].some((name) => existsSync(join(folder, 'resources', name)));
  return (path) => isPackaged && !path.startsWith('resources/') && path !== 'moult.json';
}

function matchesAny(globs: readonly string[]): (path: string) => boolean {
  return (path) => globs.some((glob) => posix.matchesGlob(path, glob));
}
