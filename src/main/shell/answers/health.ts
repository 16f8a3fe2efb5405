/** A look over the installation, and its repair, by the engine while the application runs. */
import { planRepair } from '../../../updater/repair/plan.ts';
import type { Repaired } from '../../../updater/repair/repair.ts';
import type { Handlers } from '../../contract/serve.ts';
import type { Mended } from '../../contract/views.ts';
import type { AnswerTools } from './tools.ts';

/** The commands about it. What only a stopped application lets one mend is left, and shown as found. */
export function healthHandlers({ layout, instance, ask, job }: AnswerTools): Pick<Handlers, 'health/check' | 'health/repair'> {
  const where = { root: layout.root, instance: instance.name };
  return {
    'health/check': async () => {
      const report = await ask<'verify'>({ kind: 'verify', ...where }, job);
      return { report, plan: planRepair(report) };
    },
    'health/repair': async () => mendedOf(await ask<'repair'>({ kind: 'repair', ...where, underApp: true }, job)),
  };
}

function mendedOf({ before, after, done }: Repaired): Mended {
  const mended = done.flatMap((each) => (each !== null && 'fetched' in each ? [each] : []));
  return {
    report: after ?? before,
    fromHere: mended.reduce((sum, { fromHere }) => sum + fromHere, 0),
    fetched: mended.reduce((sum, { fetched }) => sum + fetched, 0),
    fetchedBytes: mended.reduce((sum, { fetchedBytes }) => sum + fetchedBytes, 0),
    failures: done.flatMap((each) => (each !== null && 'code' in each ? [each] : [])),
  };
}
