/** What runs here, where, and whether it is what its publisher signed. */
import { join } from 'node:path';
import { readBounded, readableRecord } from '../../../updater/disk/atomic.ts';
import { compareTree } from '../../../updater/disk/scan.ts';
import { abilityOf } from '../../../updater/install/checks/ability.ts';
import { findVersion } from '../../../updater/install/versions.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { parseSource } from '../../../updater/model/generation.ts';
import { limitOf, parseTargets } from '../../../updater/trust/metadata.ts';
import type { Handlers } from '../../contract/serve.ts';
import type { About, Provenance } from '../../contract/views.ts';
import type { Host } from '../../host/host.ts';
import type { Around } from '../around.ts';
import type { AnswerTools } from './tools.ts';

/** What the page About shows at the start; the last and the next check come later. */
export async function aboutOf(
  { layout, instance, isSafe }: Around,
  { version, n }: AnswerTools['running'],
  host: Pick<Host, 'kind' | 'versions'>,
): Promise<About> {
  const source = await readableRecord(layout.source, parseSource);
  return {
    product: source?.product ?? 'moult',
    version,
    channel: source?.channel ?? 'stable',
    instance: instance.name,
    root: layout.root,
    host: host.kind,
    generation: n,
    isSafe,
    ability: abilityOf(layout),
    lastCheck: null,
    nextCheck: null,
    versions: host.versions,
  };
}

/** The command about it: every file is hashed anew for the answer, never remembered. */
export function aboutHandlers({ layout, running, job }: AnswerTools): Pick<Handlers, 'about/verify'> {
  return {
    'about/verify': async (): Promise<Provenance> => {
      const found = await findVersion(layout, running.treeDigest);
      if (found === null) throw new Failed('state/damaged', `the records of version ${running.version} are not on this machine any more`);
      const { record, manifest, folder } = found;
      const { missing, extra, changed } = await compareTree(folder, manifest.tree, job);
      const { revision, source, builtAt, builder } = manifest.provenance;
      return {
        version: record.version,
        treeDigest: record.treeDigest,
        manifestSha256: record.manifestSha256,
        revision,
        source,
        builtAt,
        builder,
        keyIds: await releaseKeys(layout.trust),
        files: manifest.tree.files.length,
        damaged: [...missing, ...extra, ...changed.map(({ path }) => path)].toSorted(),
        checkedAt: new Date().toISOString(),
      };
    },
  };
}

/** The ids of the keys that signed the list of releases; none where that list is lost. */
async function releaseKeys(trust: string): Promise<readonly string[]> {
  try {
    const bytes = await readBounded(join(trust, 'targets.json'), limitOf('targets'));
    return bytes === null ? [] : [...parseTargets(bytes).signatures.keys()];
  } catch (error) {
    // It is fetched anew by the next check; what stands here was accepted when it was installed.
    if (error instanceof Failed) return [];
    throw error;
  }
}
