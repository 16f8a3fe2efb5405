/** The main process's end of the contract's wire: it answers the pages of our windows, and nobody else. */
import type { IpcMain, IpcMainEvent, WebFrameMain } from 'electron';
import type { Contract } from '../../src/main/contract/serve.ts';
import { askChannel, networkChannel, watchChannel } from './channels.ts';
import { isFromOurPage } from './guard.ts';

/** What a window did, for whoever wants to know whether somebody is there. */
export type Heard = { readonly kind: 'watches' } | { readonly kind: 'asked' } | { readonly kind: 'network'; readonly isOnline: boolean };

/** Serves the contract to every window until it is disposed of; `tell` hears what windows do. */
export function serveWindows(ipc: IpcMain, contract: Contract, tell: (heard: Heard) => void): Disposable {
  ipc.handle(askChannel, (event, name: unknown, input: unknown) => {
    refuseStrangers(event.senderFrame);
    if (typeof name !== 'string') throw new Error('a command has a name');
    tell({ kind: 'asked' });
    return contract.ask(name, input, String(event.sender.id));
  });
  const watch = (event: IpcMainEvent): void => {
    const [port] = event.ports;
    if (port === undefined || event.ports.length > 1 || !isFromOurPage(event.senderFrame))
      return event.ports.forEach((port) => port.close());
    const watching = contract.watch((line) => port.postMessage(line), String(event.sender.id));
    port.once('close', () => watching[Symbol.dispose]());
    port.start();
    tell({ kind: 'watches' });
  };
  const network = (event: IpcMainEvent, isOnline: unknown): void => {
    if (isFromOurPage(event.senderFrame) && typeof isOnline === 'boolean') tell({ kind: 'network', isOnline });
  };
  ipc.on(watchChannel, watch);
  ipc.on(networkChannel, network);
  const stop = (): void => {
    ipc.removeHandler(askChannel);
    ipc.off(watchChannel, watch);
    ipc.off(networkChannel, network);
  };
  return { [Symbol.dispose]: stop };
}

/** Whoever is no page of ours learns that, and nothing else. */
function refuseStrangers(frame: WebFrameMain | null): void {
  if (!isFromOurPage(frame)) throw new Error('refused');
}
