/** The product's own start with a shorter trial: `node start-process.ts ROOT HEALTHY_MS`. Everything else is as it is shipped. */
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { machineClock, patience } from '../../../src/main/supervisor/patience.ts';
import { supervise } from '../../../src/main/supervisor/supervise.ts';

const [root = '', healthyMs = ''] = process.argv.slice(2);
const layout = layoutOf(root);
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
const tools = {
  layout,
  instance: instanceOf(layout, 'default'),
  patience: { ...patience, healthyMs: Number(healthyMs) },
  clock: machineClock,
  tell: () => undefined,
};
const { exitCode } = await supervise({ isSafe: false, host: 'browser', until: 'end' }, tools, {
  signal: stopping.signal,
  report: () => undefined,
});
process.exitCode = exitCode;
