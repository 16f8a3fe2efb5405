import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Contents } from '../../ground/publisher.ts';

/** A publisher in a process of its own; what it takes of memory and descriptors is not the client's. */
export interface DistantPublisher extends AsyncDisposable {
  readonly repo: string;
  readonly trustedRoot: string;
  /** Publishes a version with patches from so many before it. */
  release(version: string, contents: Contents, patches: number): Promise<void>;
}

/** Starts a publisher whose repository is in `folder`. */
export async function openDistantPublisher(folder: string): Promise<DistantPublisher> {
  const child = fork(fileURLToPath(new URL('publisher-process.ts', import.meta.url)), [folder], { serialization: 'advanced' });
  const ended = once(child, 'exit');
  /** Waits for the next message; a publisher that is gone sends none. */
  const heard = async (): Promise<unknown> => {
    const message = await Promise.race([once(child, 'message'), ended.then(() => null)]);
    if (message === null) throw new Error('the publisher has ended');
    return message[0];
  };
  const { repo, trustedRoot } = z.object({ repo: z.string(), trustedRoot: z.string() }).parse(await heard());
  const release = async (version: string, contents: Contents, patches: number): Promise<void> => {
    child.send({ version, contents, patches });
    z.object({ published: z.literal(version) }).parse(await heard());
  };
  const leave = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await ended;
  };
  return { repo, trustedRoot, release, [Symbol.asyncDispose]: leave };
}
