/** The engine's own process under plain Node. It ends when its parent is gone. */
import { answerOver } from './answer.ts';

// The parent may have been killed: what is on disk is understood by the next start, so going on would only be in its way.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group; the parent turns it into an orderly stop.
process.on('SIGINT', () => undefined);

await answerOver({
  hear: (listener) => process.on('message', listener),
  send: (message) => process.send?.(message),
});
process.disconnect();
