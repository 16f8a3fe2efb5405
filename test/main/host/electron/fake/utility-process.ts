/** A utility process, in the fake: a child of Node that finds its parent where Electron's would. */
import { EventEmitter } from 'node:events';

const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => process.send?.(message) });
process.on('message', (data) => parentPort.emit('message', { data }));
// Its own program is Electron: who forks a child of it gets no Node.
process.execPath = '/nonexistent/electron';
Object.assign(process, { parentPort });
await import(process.argv[2] ?? '');
