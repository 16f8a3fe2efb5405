/** The disturbed side of a fault case: carries out the steps of its argument (JSON), one after the other, in this one process. */
import { exitCodeOf, failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { carryOut, parseSteps } from './scenario.ts';

try {
  for (const step of parseSteps(process.argv[2] ?? '[]')) await carryOut(step, quietJob());
} catch (error) {
  const failure = failureOf(error);
  process.stdout.write(JSON.stringify(failure));
  process.exitCode = exitCodeOf(failure.code);
}
