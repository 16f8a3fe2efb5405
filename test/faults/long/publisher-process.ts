/** Publishes what it is told, in a process of its own, so that only the client is measured: `node publisher-process.ts FOLDER`. */
import { openPublisher, type Contents } from '../../ground/publisher.ts';

const publisher = await openPublisher(process.argv[2] ?? '');
process.on('message', ({ version, contents, patches }: { version: string; contents: Contents; patches: number }) => {
  void publisher.release(version, contents, { patchesFrom: patches }).then(() => process.send?.({ published: version }));
});
process.on('disconnect', () => process.exit());
process.send?.({ repo: publisher.repo, trustedRoot: publisher.trustedRoot });
