import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../disk/atomic.ts';
import { Failed } from '../../model/failure.ts';
import type { Answer, Body, Source, Want } from './source.ts';

const chunkBytes = 256 * 1024;

/** Returns the regular files below a local folder (a mounted share, a stick); links on the way to a file are not followed. */
export function folderSource(folder: string): Source {
  const ask = async (name: string, want: Want, signal: AbortSignal): Promise<Answer> => {
    const file = await openPlain(folder, name);
    if (file === null) return { kind: 'absent' };
    try {
      const { size } = await file.stat();
      if (size > want.maxBytes) throw new Failed('fetch/too-large', `${size} bytes where at most ${want.maxBytes} are expected`);
      const { from, to } = { from: want.range?.from ?? 0, to: want.range?.to ?? size };
      if (to > size || from > to) {
        await file.close();
        return { kind: 'beyond' };
      }
      const body = bodyOf(file, { from, to }, signal);
      return { kind: want.range === null ? 'whole' : 'range', validator: null, totalBytes: size, body };
    } catch (error) {
      // Nobody else will close it.
      await file.close();
      throw error;
    }
  };
  return { label: folder, ask, knock: async () => null };
}

/** Opens a regular file that lies in the folder by its own name; null where there is none. */
async function openPlain(folder: string, name: string): Promise<FileHandle | null> {
  try {
    const path = join(await realpath(folder), name);
    if ((await realpath(path)) !== path) throw new Failed('fetch/refused', `${name} is reached through a link`);
    // A FIFO would wait for its writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Failed('fetch/refused', `${name} is not a regular file`);
  } catch (error) {
    // A file that is not there is an answer, not a failure.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}

function bodyOf(file: FileHandle, range: { from: number; to: number }, signal: AbortSignal): Body {
  async function* read(): AsyncGenerator<Uint8Array> {
    for (let at = range.from; at < range.to;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(chunkBytes, range.to - at)), 0, null, at);
      if (bytesRead === 0) throw new Failed('fetch/corrupt', 'the file became shorter while it was read');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }
  const close = (): void => void file.close().catch(() => undefined);
  return { [Symbol.asyncIterator]: read, [Symbol.dispose]: close };
}
