import type { Job } from '../../../src/updater/model/job.ts';
import { readExpiries, renew, resignTimestamp } from '../metadata/publish.ts';
import type { Publisher } from './change.ts';
import { lockRepository } from './staging.ts';

const dayMs = 86_400_000;
/** Half of the time that these roles' signatures are good for. */
const renewBelowMs = 15 * dayMs;

/**
 * Signs the timestamp again and, when less than half their time is left and the keys are here, the other online roles with it.
 * Returns when each role's signature ends now (UTC). Throws `usage/wrong` without the timestamp's key.
 */
export async function renewOnline({ repo, keys, now }: Publisher, job: Job): Promise<Awaited<ReturnType<typeof readExpiries>>> {
  await using _lock = await lockRepository(repo, job);
  const expires = await readExpiries(repo);
  const isDue = (role: 'channels' | 'snapshot'): boolean =>
    keys[role].length > 0 && Date.parse(expires[role]) - now.getTime() < renewBelowMs;
  if (isDue('channels')) await renew(repo, keys, { roles: ['channels'], now });
  else if (isDue('snapshot')) await renew(repo, keys, { roles: [], now });
  else await resignTimestamp(repo, keys, now);
  return await readExpiries(repo);
}
