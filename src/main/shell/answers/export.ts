/** The person's data in open formats, while the application goes on. */
import { lstat, mkdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { exportEpoch } from '../../../updater/install/epoch/aside/export.ts';
import { Failed } from '../../../updater/model/failure.ts';
import type { Handlers } from '../../contract/serve.ts';
import type { AnswerTools } from './tools.ts';

/** The command: into a folder that does not exist yet or is empty, or into a new one of the instance. */
export function exportHandlers({ layout, instance, running, job }: AnswerTools): Pick<Handlers, 'data/export'> {
  return {
    'data/export': async ({ to }) => {
      if (to !== null && !isAbsolute(to)) throw new Failed('usage/wrong', 'the folder has to be named from the root on');
      const parent = join(instance.folder, 'exports');
      if (to === null) await mkdir(parent, { recursive: true, mode: 0o700 });
      const folder = to === null ? join(parent, new Date().toISOString().replaceAll(':', '-')) : resolve(to);
      const { files } = await exportEpoch({ layout, instance, epoch: running.epoch, to: folder }, job);
      return { folder, files: await Promise.all(files.map(async (path) => ({ path, bytes: (await lstat(join(folder, path))).size }))) };
    },
  };
}
