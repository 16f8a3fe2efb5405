/** The topics as a stream of lines. Whoever does not read loses the connection: a new one begins with the present values. */
import type { ServerResponse } from 'node:http';
import type { TopicLine } from '../../contract/wire.ts';

const mostWaitingBytes = 8 * 1024 ** 2;

/** Writes every line that is heard until the connection ends. */
export function streamTopics(response: ServerResponse, watch: (hear: (line: TopicLine) => void) => Disposable): void {
  const watching = watch((line) => {
    if (response.writableLength > mostWaitingBytes) response.destroy();
    else response.write(`${JSON.stringify(line)}\n`);
  });
  response.once('close', () => watching[Symbol.dispose]());
}
