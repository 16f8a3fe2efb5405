/** A supervisor in a process of its own, to be killed: `node supervisor-process.ts ROOT`. */
import { openPlace } from './fixture.ts';

const place = await openPlace(process.argv[2] ?? '');
process.exitCode = (await place.start({ patience: { healthyMs: 60_000 } })).exitCode;
