/** What a change of version comes to, in JSON and in words. */
import type { Done } from '../../../updater/engine/process/requests.ts';
import type { Recalled } from '../../../updater/install/checks/way-back.ts';
import type { Plan } from '../../../updater/engine/plan.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import { megabytes } from '../terminal.ts';

/** The JSON of a command that led to a generation: from, to, what it took, and the generation's number and state. */
export function summaryOf(from: string | null, generation: Generation, done: Done | null) {
  const { n, state, version, treeDigest } = generation;
  const took =
    done === null
      ? null
      : {
          route: done.plan.route.kind,
          failedRoutes: done.failed,
          rehearsal: done.rehearsal,
          wireBytes: done.wireBytes,
          milliseconds: done.milliseconds,
        };
  return { from, to: version, treeDigest, generation: { n, state }, took };
}

/** A sentence on what a build took, and one on what it could not do; empty when nothing had to be built. */
export function tookText(done: Done | null): string {
  if (done === null) return '';
  const seconds = Object.values(done.milliseconds).reduce((sum, ms) => sum + ms, 0) / 1000;
  const without = done.rehearsal?.kind === 'done' ? done.rehearsal.withoutData : null;
  const rehearsed = without === null ? '' : `\nIt was rehearsed without your data: ${without}.`;
  return ` ${megabytes(done.wireBytes)} fetched in ${seconds.toFixed(1)} s (${routeText(done.plan)}).${rehearsed}`;
}

/** A plan's route in words. */
export function routeText({ route }: Plan): string {
  switch (route.kind) {
    case 'present':
      return 'the version was here already';
    case 'direct':
      return 'one patch';
    case 'two':
      return `two patches by way of ${route.middle.version}`;
    case 'full':
      return 'the missing files from the full package';
  }
}

/** What a person is told whose version was withdrawn. */
export function recalledText({ version, reason, back }: Recalled): string {
  const way = back === null ? 'No earlier version is left on this machine to go back to.' : `Go back with "moult rollback ${back}".`;
  return `${version} was withdrawn by its publisher: ${reason}\n${way}`;
}
