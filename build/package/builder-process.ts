/** Runs electron-builder in a process of its own: it writes to the terminal as it likes, and must never look for the internet. */
import { z } from 'zod';

process.env['ELECTRON_OVERRIDE_DIST_PATH'] ??= '/nonexistent';
// Asked so, or started by a test, it would link files of the sources into the package instead of copying them.
delete process.env['USE_HARD_LINKS'];
delete process.env['VITEST'];
const { build, Platform } = await import('electron-builder');
const order = z.object({ project: z.string(), configuration: z.record(z.string(), z.unknown()) });
const { project, configuration } = order.parse(JSON.parse(process.argv[2] ?? ''));
await build({ projectDir: project, config: configuration, targets: Platform.current().createTarget('dir'), publish: 'never' });
