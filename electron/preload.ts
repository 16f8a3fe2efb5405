/** What a page gets from outside of its sandbox: the contract's transport, and nothing of Electron. Bundled into one CommonJS file, since a sandboxed preload loads no other. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Transport } from '../src/main/contract/wire.ts';
import { askChannel, networkChannel, transportName, watchChannel } from './window/channels.ts';

const transport: Transport = {
  ask: (name, input) => ipcRenderer.invoke(askChannel, name, input),
  watch: (hear) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', ({ data }) => hear(data));
    // The other end of the wire lives as long as this window: there is nothing to reconnect to.
    port1.addEventListener('close', () => hear(null));
    port1.start();
    ipcRenderer.postMessage(watchChannel, null, [port2]);
    return { stop: () => port1.close() };
  },
};

contextBridge.exposeInMainWorld(transportName, transport);

const tellNetwork = (): void => ipcRenderer.send(networkChannel, navigator.onLine);
window.addEventListener('online', tellNetwork);
window.addEventListener('offline', tellNetwork);
