/** Answers of web servers, down to the byte: exact bytes come of them, or a typed failure. */
import assert from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchParts } from '../../../src/updater/download/parts.ts';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { quickLimits, quickRemote, someBytes } from '../../updater/download/fixture.ts';
import type { Random } from '../../updater/patches/random.ts';
import { startFaultServer } from '../server/server.ts';
import { otherBytes } from './change.ts';
import { refusedWith } from './signed.ts';
import type { Subject } from './subject.ts';

const file = someBytes(3000);
const part = { offset: 0, size: file.length, sha256: createHash('sha256').update(file).digest('hex') };
const codes = ['fetch/refused', 'fetch/corrupt', 'fetch/too-large', 'fetch/slow', 'fetch/offline', 'fetch/tls'];
const limits = { ...quickLimits, attempts: 1, answerMs: 60, minimumWindowMs: 30 };
const maxBytes = 4000;

const heads = [
  `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2999/3000\r\nContent-Length: 3000\r\nETag: "a"\r\n\r\n`,
  `HTTP/1.1 200 OK\r\nContent-Length: 3000\r\nETag: "a"\r\nContent-Encoding: identity\r\n\r\n`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`,
  `HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy`,
] as const;

/** Answers that begin right and go wrong somewhere. `folder` is where the downloads go. */
export async function answers(folder: string): Promise<Subject & AsyncDisposable> {
  let answer = Buffer.alloc(0);
  const server = await startFaultServer({
    files: {},
    fault: ({ socket }) => {
      socket.end(answer);
      return null;
    },
  });
  const make = (random: Random): Uint8Array => {
    const head = random.pick(heads);
    const body = head.includes('chunked') ? Buffer.concat([Buffer.from('bb8\r\n'), file, Buffer.from('\r\n0\r\n\r\n')]) : file;
    const right = Buffer.concat([Buffer.from(head), head.startsWith('HTTP/1.1 20') ? body : Buffer.alloc(0)]);
    // Most faults belong into the few bytes of the head.
    const at = random.below(4) === 0 ? right.length : head.length;
    return random.below(5) === 0 ? right : Buffer.concat([otherBytes(right.subarray(0, at), random), right.subarray(at)]);
  };
  const judge = async (input: Uint8Array): Promise<'refused' | 'accepted'> => {
    answer = Buffer.from(input);
    await using remote = quickRemote([server.url], { limits });
    await refusedWith(codes, async () => {
      const bytes = await fetchBytes(remote, { name: 'file', maxBytes }, quietJob());
      assert(bytes === null || bytes.length <= maxBytes, 'more bytes than are allowed');
    });
    const path = join(folder, 'part');
    await rm(path, { force: true });
    return await refusedWith(codes, async () => {
      await fetchParts(remote, { name: 'file', file: path, size: file.length, parts: [part] }, quietJob());
      assert.deepStrictEqual(await readFile(path), file);
    });
  };
  return { name: 'HTTP answers', share: 3, make, judge, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
