/**
 * How commands reach the program that runs: `app.json` in the instance's folder, mode 600, { url, key, pid } of its way in over
 * loopback. It is there as long as the program is. One that a killed program left behind is recognised by nobody answering, and ignored.
 */
import { join } from 'node:path';
import { unlink } from 'node:fs/promises';
import { z } from 'zod';
import { hasCode, readableRecord, replaceFile } from '../../../updater/disk/atomic.ts';
import { canonicalJson } from '../../../updater/disk/json.ts';
import type { Instance } from '../../../updater/install/layout.ts';
import { Failed, failureOf } from '../../../updater/model/failure.ts';
import { parseAs } from '../../../updater/model/parse.ts';
import type { Answers, CommandName, Question } from '../../contract/commands.ts';
import { openClient } from '../../contract/wire.ts';
import type { Door } from '../../host/door/door.ts';
import { askDoor, isOpen } from '../../host/door/transport.ts';

const recordSchema = z.object({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/, 'not an address of this machine'),
  key: z.string().max(128),
  pid: z.int().positive(),
});

/** Lets commands find this program until it is disposed of; on a disk that cannot be written they do not. The file is replaced whole. */
export async function announce(instance: Instance, { url, commandKey }: Pick<Door, 'url' | 'commandKey'>): Promise<AsyncDisposable> {
  const path = pathOf(instance);
  await replaceFile(path, canonicalJson({ url, key: commandKey(), pid: process.pid }), 0o600).catch((error: unknown) => {
    if (!failureOf(error).code.startsWith('disk/')) throw error;
  });
  const remove = (): Promise<void> =>
    unlink(path).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  return { [Symbol.asyncDispose]: remove };
}

/** A program that runs, as a command sees it: what it answers, and its failures thrown. */
export interface Running {
  ask<Name extends CommandName>(name: Name, input: Question<Name>): Promise<Answers[Name]>;
}

/** The program that runs in an instance; null when none does. */
export async function findRunning(instance: Instance): Promise<Running | null> {
  const found = await readableRecord(pathOf(instance), (value) =>
    parseAs(recordSchema, value, { what: 'app.json', code: 'state/damaged' }),
  );
  if (found === null || !(await isOpen(found))) return null;
  const client = openClient({ ask: (name, input) => askDoor(found, name, input), watch: () => ({ stop: () => undefined }) });
  return {
    ask: async (name, input) => {
      const reply = await client.ask(name, input);
      if ('answer' in reply) return reply.answer;
      throw new Failed(reply.failure.code, reply.failure.detail);
    },
  };
}

function pathOf({ folder }: Instance): string {
  return join(folder, 'app.json');
}
