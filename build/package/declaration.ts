/**
 * What a packaged product says about itself: `resources/moult.json`. Its program is the notes, which a script starts on the Node
 * beside it, or with Electron. With a data version below the newest, `app.json` holds the program to it: so a release of older data can be made.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../src/updater/disk/atomic.ts';
import { Failed } from '../../src/updater/model/failure.ts';
import { parseAs } from '../../src/updater/model/parse.ts';

/** For which runtime, and for which data version instead of the newest. */
interface Wish {
  readonly runtime: 'node' | 'electron';
  readonly dataVersion?: number;
}

/**
 * Writes the files that lie at the top of a packaged tree into `folder` (made by this), and returns it. Throws `usage/wrong` for a data version that the program does not know.
 */
export async function writeDeclaration(sources: string, folder: string, { runtime, dataVersion }: Wish): Promise<string> {
  const newest = (await readRecord(join(sources, 'resources/moult.json'), parse)) ?? parse({});
  const declared = dataVersion === undefined ? newest : heldTo(dataVersion, newest);
  await mkdir(folder);
  await writeFile(join(folder, 'moult.json'), textOf(runtime === 'node' ? declared : withProgram(declared)));
  for (const [name, script] of startersOf(runtime)) await writeFile(join(folder, name), script, { mode: 0o755 });
  if (declared.dataVersion < newest.dataVersion) await writeFile(join(folder, 'app.json'), textOf({ dataVersion }));
  return folder;
}

const declarationSchema = z.looseObject({
  dataVersion: z.int().positive(),
  data: z.looseObject({ migrations: z.array(z.int().positive()) }),
});

type Declaration = Readonly<z.infer<typeof declarationSchema>>;

function parse(value: unknown): Declaration {
  return parseAs(declarationSchema, value, { what: 'resources/moult.json', code: 'usage/wrong' });
}

function heldTo(dataVersion: number, newest: Declaration): Declaration {
  if (!newest.data.migrations.includes(dataVersion)) throw new Failed('usage/wrong', `the program has no data version ${dataVersion}`);
  const migrations = newest.data.migrations.filter((to) => to <= dataVersion);
  return { ...newest, dataVersion, data: { ...newest.data, migrations } };
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Where no script can be started, Electron's own program is the entry. */
function withProgram(declared: Declaration): Declaration {
  const programs: Readonly<Record<string, string>> = { win32: 'Moult.exe', darwin: 'Moult.app/Contents/MacOS/Moult' };
  return { ...declared, entry: { program: programs[process.platform] ?? 'notes', args: [] } };
}

/** The scripts of a tree by name. A program looks for `app.json` where it is started. */
function startersOf(runtime: Wish['runtime']): readonly (readonly [name: string, script: string])[] {
  if (runtime === 'node')
    return [['notes', `${beginning}exec "$here/node" "$here/resources/app/dist/src/main/app/notes-process.js" "$@"\n`]];
  return process.platform === 'linux'
    ? [
        ['notes', electronNotes],
        ['moult', electronCommand],
      ]
    : [];
}

const beginning = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
cd "$here" || exit 1
`;

/** Chromium wants a display before any code of ours runs, unless it is told that there is none. */
const displayless = '--ozone-platform=headless --disable-gpu';

const electronNotes = `${beginning}MOULT_MODE="\${MOULT_MODE:-run}"
export MOULT_MODE
[ "$MOULT_MODE \${MOULT_HOST:-electron} $#" = "run electron 0" ] && exec "$here/moult-window"
exec "$here/moult-window" ${displayless} "$@"
`;

const electronCommand = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/moult-window" ${displayless} --moult "$@"
`;
