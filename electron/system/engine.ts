/** The engine in a utility process: under Electron a child of its own binary would be another Electron. */
import { utilityProcess } from 'electron';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineStartedBy } from '../../src/updater/engine/process/client.ts';

/** Asks an engine. Only after Electron is ready. */
export const askEngine = engineStartedBy((hear) => {
  const script = new URL(`./engine-process${extname(import.meta.url)}`, import.meta.url);
  const child = utilityProcess.fork(fileURLToPath(script), [], { serviceName: 'Moult engine' });
  child.on('message', (message: unknown) => {
    hear(message);
    if (isLast(message)) child.kill();
  });
  const ended = new Promise<string>((resolve) => child.once('exit', (code) => resolve(`exit ${code}`)));
  return { ended, tell: (message) => child.postMessage(message) };
});

/** A utility process does not end by itself. Whatever it held is released before it says its last word. */
function isLast(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind !== 'progress';
}
