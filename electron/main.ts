/**
 * The product's main process. What has to be said before Electron is ready is said while this module loads: Electron waits for it,
 * so nothing here may wait for Electron.
 */
import { app, protocol } from 'electron';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { carryOut } from '../src/main/app/modes.ts';
import { main } from '../src/main/cli/main.ts';
import { browser } from '../src/main/host/browser.ts';
import { headless } from '../src/main/host/headless.ts';
import type { HostKind } from '../src/main/host/host.ts';
import { lookAround, sayHealth, type Around } from '../src/main/shell/around.ts';
import { exitCodeOf, failureOf } from '../src/updater/model/failure.ts';
import { electronHost } from './host.ts';
import { roleOf, type Role } from './role.ts';
import { askEngine } from './system/engine.ts';
import { claimProfile } from './system/profile.ts';
import { guardPages } from './window/guard.ts';
import { schemes } from './window/pages.ts';

app.setName('Moult');
app.setAppUserModelId('org.moult.shell');
guardPages(app);
protocol.registerSchemesAsPrivileged(schemes);

// The first word is the program, and in a checkout the second is its folder.
const work = await prepare(roleOf(process.argv.slice(process.defaultApp ? 2 : 1), process.env));
void work().then((exitCode) => app.exit(exitCode));

/** Does what has to be done before Electron is ready, and returns what remains to be done: its result is the exit code. */
async function prepare({ kind, words }: Role): Promise<() => Promise<number>> {
  if (kind === 'command') return () => app.whenReady().then(() => main(words, askEngine));
  // While the channel is referenced it would keep a program alive that is done.
  process.channel?.unref();
  try {
    const around = await lookAround(process.env);
    if (around.mode !== 'run' || words.length > 0) return () => runProgram(around, words);
    app.setPath('userData', claimProfile(around.epoch, process.versions.chrome));
    return app.requestSingleInstanceLock() ? () => runProgram(around, words) : async () => leaveToTheFirst(around);
  } catch (error) {
    return async () => failedWith(error);
  }
}

async function runProgram(around: Around, words: readonly string[]): Promise<number> {
  try {
    await carryOut(around, { words, host: hostFor(around.host) });
    return 0;
  } catch (error) {
    return failedWith(error);
  }
}

function hostFor(wished: Around['host']): HostKind {
  if (wished === 'browser') return { ...browser, ask: askEngine };
  if (wished === 'headless') return { ...headless, ask: askEngine };
  return electronHost({ preload: madeFile('preload.cjs'), pages: madeFile('../renderer'), icon: madeFile('icon.png') });
}

/** What was made beside the compiled main process; in a checkout its sources run as they are. */
function madeFile(name: string): string {
  return fileURLToPath(new URL(extname(import.meta.url) === '.ts' ? `../dist/electron/${name}` : name, import.meta.url));
}

/** The window of this profile is open already: it comes to the front there, and nothing is wrong here. */
function leaveToTheFirst(around: Around): number {
  sayHealth(around, { quitting: 'user' });
  return 0;
}

/** The outermost place: whoever started this reads the last line, and the health file. */
function failedWith(error: unknown): number {
  const failure = failureOf(error);
  sayHealth({ healthFile: process.env['MOULT_HEALTH'] ?? null }, { unhealthy: `${failure.code}: ${failure.detail}` });
  process.stderr.write(`${failure.code}: ${failure.detail}\n`);
  return exitCodeOf(failure.code);
}
