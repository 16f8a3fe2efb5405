import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { placeOf, root, type Rule } from './rule.ts';

const mostEntries = 9;
const drawers = /^(?:utils?|helpers?|common|shared|misc|managers?|services?|impl|lib|index)$/;

/**
 * A folder holds at most nine entries (a `tsconfig.json` is none), each named by what it is: no drawer that takes anything,
 * no index file. The repository's own folder is exempt: tools look for their configuration there.
 */
export const shape: Rule = {
  create(context) {
    const place = placeOf(context);
    const say = (message: string) => context.report({ loc: { line: 1, column: 0 }, message });
    return {
      Program() {
        for (const name of place.split('/')) {
          const words = name.replace(/\..*$/, '').split('-');
          if (words.some((word) => drawers.test(word))) say(`${name} says nothing about what is in it`);
        }
        for (const folder of foldersAbove(place)) {
          const count = entriesOf(folder);
          if (count > mostEntries && speaksFor(folder, place)) say(`${folder} holds ${count} entries; ${mostEntries} are the most`);
        }
      },
    };
  },
};

function foldersAbove(place: string): readonly string[] {
  const folder = dirname(place);
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)];
}

function entriesOf(folder: string): number {
  return readdirSync(join(root, folder)).filter((name) => !/^(?:\..*|tsconfig\.json|node_modules)$/.test(name)).length;
}

/** A folder is reported once, at the first of the files below it. */
function speaksFor(folder: string, place: string): boolean {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:m?js|tsx?)$/.test(name));
  return files.toSorted()[0] === place.slice(folder.length + 1);
}
