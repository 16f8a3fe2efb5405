/** The notes application: a small real program that this shell carries, so that there is something to keep, migrate and export. */
import { exitCodeOf, failureOf } from '../../updater/model/failure.ts';
import { hostFor } from '../host/choose.ts';
import { lookAround, sayHealth } from '../shell/around.ts';
import { carryOut } from './modes.ts';

// While the channel is referenced it would keep a program alive that is done.
process.channel?.unref();

try {
  const around = await lookAround(process.env);
  await carryOut(around, { words: process.argv.slice(2), host: hostFor(around.host, process.env) });
} catch (error) {
  // The outermost place: whoever started this reads the last line, and the health file.
  const failure = failureOf(error);
  sayHealth({ healthFile: process.env['MOULT_HEALTH'] ?? null }, { unhealthy: `${failure.code}: ${failure.detail}` });
  process.stderr.write(`${failure.code}: ${failure.detail}\n`);
  process.exitCode = exitCodeOf(failure.code);
}
