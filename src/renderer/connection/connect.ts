import { openClient, type Client, type Transport } from '../../main/contract/wire.ts';
import { connectByHttp } from './http.ts';

declare global {
  interface Window {
    /** Electron's preload puts it there. */
    readonly moult?: Transport;
  }
}

/** The client of this window: through the preload's port under Electron, else over loopback. Null: this page has no way in. */
export async function connect(): Promise<Client | null> {
  const transport = window.moult ?? (await connectByHttp());
  return transport === null ? null : openClient(transport);
}
