import { z } from 'zod';
import { readableRecord } from '../../../updater/disk/atomic.ts';
import { bytesBelow } from '../../../updater/disk/space.ts';
import { abilityOf } from '../../../updater/install/checks/ability.ts';
import { lastFailure, type LastFailure } from '../../../updater/install/checks/hold.ts';
import { installedGeneration, stagedGeneration } from '../../../updater/install/generations.ts';
import type { Layout } from '../../../updater/install/layout.ts';
import { findVersion } from '../../../updater/install/versions.ts';
import { parseAs } from '../../../updater/model/parse.ts';
import { placeOf, type Globals } from '../place.ts';
import { recalledText } from './outcome.ts';
import { megabytes, runCommand, say } from '../terminal.ts';
import { reminderOf, reminderText, type Reminder } from '../data/decide.ts';
import { lastFailureText } from './news.ts';

/** `moult status`: what runs, what waits, when it was last checked, and the bytes on disk per kind. */
export function status(globals: Globals): Promise<number> {
  return runCommand(globals, async () => {
    const { layout, instance } = placeOf(globals);
    const { version, n, state } = await installedGeneration(instance);
    const staged = await stagedGeneration(instance);
    const told = {
      version,
      generation: { n, state },
      staged: staged === null ? null : { version: staged.version, n: staged.n },
      lastFailure: await lastFailure(instance),
      instance: instance.name,
      root: layout.root,
      ability: abilityOf(layout),
      reminder: await reminderOf(instance, version, new Date()),
      lastCheck: await readableRecord(layout.checked, (value) =>
        parseAs(checkedSchema, value, { what: 'checked.json', code: 'state/damaged' }),
      ),
      bytes: await bytesOf(layout),
    };
    say(globals, told, statusText(told));
    return 0;
  });
}

/** `moult version`: the installed version with its revision and digests, from this copy alone. */
export function version(globals: Globals): Promise<number> {
  return runCommand(globals, async () => {
    const { layout, instance } = placeOf(globals);
    const current = await installedGeneration(instance);
    const found = await findVersion(layout, current.treeDigest);
    const told = {
      product: found?.manifest.product ?? null,
      version: current.version,
      treeDigest: current.treeDigest,
      manifestSha256: found?.record.manifestSha256 ?? null,
      provenance: found?.manifest.provenance ?? null,
    };
    const built =
      told.provenance === null
        ? ''
        : `\n  revision  ${told.provenance.revision}\n  built     ${told.provenance.builtAt} by ${told.provenance.builder}`;
    say(
      globals,
      told,
      `${told.product ?? ''} ${told.version}\n  tree      ${told.treeDigest}\n  manifest  ${told.manifestSha256 ?? 'unknown'}${built}`.trim(),
    );
    return 0;
  });
}

const checkedSchema = z.object({
  at: z.string(),
  offered: z.string().nullable(),
  recalled: z.object({ version: z.string(), reason: z.string(), back: z.string().nullable() }).nullable().default(null),
});

interface Told {
  readonly version: string;
  readonly generation: { readonly n: number; readonly state: string };
  readonly staged: { readonly version: string } | null;
  readonly lastFailure: LastFailure | null;
  readonly root: string;
  readonly ability: { readonly kind: string; readonly why: string };
  readonly reminder: Reminder | null;
  readonly lastCheck: z.infer<typeof checkedSchema> | null;
  readonly bytes: Readonly<Record<string, number>>;
}

async function bytesOf(layout: Layout): Promise<Readonly<Record<string, number>>> {
  const kinds = ['versions', 'objects', 'downloads', 'trust', 'instances'] as const;
  return Object.fromEntries(await Promise.all(kinds.map(async (kind) => [kind, await bytesBelow(layout[kind])] as const)));
}

function statusText({ version, generation, staged, lastFailure, root, ability, reminder, lastCheck, bytes }: Told): string {
  const total = Object.values(bytes).reduce((sum, kind) => sum + kind, 0);
  const checked =
    lastCheck === null ? 'never' : `${lastCheck.at}, ${lastCheck.offered === null ? 'no update' : `offered ${lastCheck.offered}`}`;
  const recalled = lastCheck?.recalled ?? null;
  return [
    `${version}  (generation ${generation.n}, ${generation.state})`,
    `  waiting     ${staged === null ? 'nothing' : `${staged.version} starts the next time`}`,
    ...(lastFailure === null ? [] : [`  last trial  ${lastFailureText(lastFailure).trimEnd()}`]),
    `  last check  ${checked}`,
    ...(reminder === null ? [] : [`  reminder    ${reminderText(reminder)}`]),
    ...(recalled?.version === version ? [recalledText(recalled)] : []),
    `  updates     ${ability.kind}: ${ability.why}`,
    `  on disk     ${megabytes(total)} in ${root}`,
  ].join('\n');
}
