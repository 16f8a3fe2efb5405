/**
 * What crosses between a window and the main process: the contract's wire, under these names.
 *
 *   moult:ask      invoke(name, input) → what came back
 *   moult:watch    a port; every line of the topics is a message on it, until it is closed
 *   moult:network  whether the window sees a network: the main process is told by nobody
 */
export const askChannel = 'moult:ask';
export const watchChannel = 'moult:watch';
export const networkChannel = 'moult:network';

/** The name under which a page finds its transport. */
export const transportName = 'moult';
