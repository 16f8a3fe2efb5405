/** A real publisher, a real server and a real installation of this product, whose program is the shell of this checkout. */
import { join, resolve } from 'node:path';
import { serveRepository, type Serving } from '../../build/release/server/serve.ts';
import { askEngine } from '../../src/updater/engine/process/client.ts';
import { confirm, countTry } from '../../src/updater/install/activate.ts';
import { instanceOf, layoutOf } from '../../src/updater/install/layout.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { openPublisher, type Contents, type TestPublisher } from '../ground/publisher.ts';

/** Where everything lies and is served. Disposing of it stops the server; the folder stays. */
export interface Ground extends AsyncDisposable {
  readonly root: string;
  readonly publisher: TestPublisher;
  readonly server: Serving;
}

/** Makes all of it in an empty folder: version 1.0.0 is installed and counts as proven. */
export async function openGround(folder: string): Promise<Ground> {
  const publisher = await openPublisher(folder);
  await publisher.release('1.0.0', shellTree('one'));
  const server = await serveRepository({ repo: publisher.repo });
  const root = join(folder, 'root');
  const from = { from: server.url, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable', version: null };
  const { generation } = await askEngine<'install'>({ kind: 'install', root, instance: 'default', ...from }, quietJob());
  const tools = { instance: instanceOf(layoutOf(root), 'default'), now: new Date() };
  await confirm(await countTry(generation, tools), tools);
  return { root, publisher, server, [Symbol.asyncDispose]: () => server.close() };
}

/** A version whose program runs the notes of this checkout. `mark` is a text that differs between versions. */
export function shellTree(mark: string): Contents {
  const program = resolve(import.meta.dirname, '../../src/main/app/notes-process.ts');
  const data = { state: ['config', 'data'], databases: ['data/notes.db'], migrations: [1, 2], exporters: ['json', 'csv'] };
  return {
    'moult.json': JSON.stringify({ entry: { program: 'notes', args: [] }, dataVersion: 2, data }),
    notes: { program: `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n` },
    'about.txt': `${mark}\n`,
  };
}
