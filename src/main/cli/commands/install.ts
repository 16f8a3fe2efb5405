import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failed } from '../../../updater/model/failure.ts';
import { placeLauncher } from '../../launcher/place.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand, say } from '../terminal.ts';
import { summaryOf, tookText } from './outcome.ts';

export interface InstallOptions {
  readonly from: readonly string[];
  readonly ca: string | undefined;
  readonly pin: readonly string[] | undefined;
  readonly trustedRoot: string;
  readonly channel: string;
  readonly product: string;
  readonly version: string | undefined;
}

/** `moult install`: puts a first version into an empty root and makes it current. */
export function install(globals: Globals, options: InstallOptions): Promise<number> {
  return runCommand(globals, async (job) => {
    const { layout, instance } = placeOf(globals);
    const { channel, product } = options;
    const result = await globals.ask<'install'>(
      {
        kind: 'install',
        root: layout.root,
        instance: instance.name,
        from: options.from.map(placeToFetchFrom),
        caFile: options.ca === undefined ? null : resolve(options.ca),
        pins: [...(options.pin ?? [])],
        trustedRoot: await readTrustedRoot(options.trustedRoot),
        product,
        channel,
        version: options.version ?? null,
      },
      job,
    );
    const { generation, done } = result;
    await placeLauncher({ layout, instance }, job);
    say(globals, summaryOf(null, generation, done), `Installed ${generation.version} in ${layout.root}.${tookText(done)}`);
    return 0;
  });
}

/** A folder is named as the person sees it, from where they stand; the engine gets an absolute one. */
export function placeToFetchFrom(from: string): string {
  return from.includes('://') ? from : resolve(from);
}

async function readTrustedRoot(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Failed('usage/wrong', `the trusted root ${path} cannot be read`, { cause: error });
  }
}
