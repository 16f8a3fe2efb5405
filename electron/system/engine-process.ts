/** The engine's own process under Electron. It is ended by who started it, and by Electron when that is gone. */
import type { MessageEvent } from 'electron';
import { answerOver } from '../../src/updater/engine/process/answer.ts';

const { parentPort } = process;

await answerOver({
  hear: (listener) => parentPort.on('message', ({ data }: MessageEvent) => listener(data)),
  send: (message) => parentPort.postMessage(message),
});
