import { resolve } from 'node:path';
import { exportEpoch, type Exported } from '../../../updater/install/epoch/aside/export.ts';
import { installedGeneration } from '../../../updater/install/generations.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';

export interface ExportOptions {
  readonly to: string;
  readonly epoch?: string;
}

/** `moult export`: the person's data in open formats, of the present epoch or of one that was left, without starting the application. */
export function exportData(globals: Globals, options: ExportOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const { layout, instance } = placeOf(globals);
    const epoch = options.epoch === undefined ? (await installedGeneration(instance)).epoch : numberOf(options.epoch);
    const exported = await exportEpoch({ layout, instance, epoch, to: resolve(options.to) }, job);
    say(globals, exported, exportText(exported, options.to));
    return 0;
  });
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Failed('usage/wrong', `${JSON.stringify(text)} is not an epoch's number`);
  return Number(text);
}

function exportText({ by, files, failed, epoch, dataVersion }: Exported, to: string): string {
  const how = by === null ? 'as the files that they are: no version here could write them in an open format' : `by version ${by}`;
  const failures = failed.map(({ version, failure }) => `  ${version} could not: ${failure.detail}`);
  return [`Epoch ${epoch} (data version ${dataVersion}) exported to ${to}, ${how}.`, ...failures, ...files.map((file) => `  ${file}`)].join(
    '\n',
  );
}
