/** The notes application: a small real program that this shell carries, so that there is something to keep, migrate and export. */
import { exitCodeOf, failureOf } from '../../updater/model/failure.ts';
import { carryOut } from './modes.ts';
import { lookAround, sayHealth } from './surroundings.ts';

// While the channel is referenced it would keep a program alive that is done.
process.channel?.unref();

try {
  await carryOut(await lookAround(process.env, process.cwd()), process.argv.slice(2));
} catch (error) {
  // The outermost place: whoever started this reads the last line, and the health file.
  const failure = failureOf(error);
  sayHealth({ healthFile: process.env['MOULT_HEALTH'] ?? null }, { unhealthy: `${failure.code}: ${failure.detail}` });
  process.stderr.write(`${failure.code}: ${failure.detail}\n`);
  process.exitCode = exitCodeOf(failure.code);
}
