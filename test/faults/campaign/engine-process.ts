/** The engine's side of a fault case: carries out the requests of its argument (JSON), one after the other, in this one process. */
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { parseRequest } from '../../../src/updater/engine/process/requests.ts';
import { exitCodeOf, failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';

const requests: unknown = JSON.parse(process.argv[2] ?? '[]');
try {
  for (const request of Array.isArray(requests) ? requests : []) await serve(parseRequest(request), quietJob());
} catch (error) {
  const failure = failureOf(error);
  process.stdout.write(JSON.stringify(failure));
  process.exitCode = exitCodeOf(failure.code);
}
