import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { askEngine } from '../../../updater/engine/process/client.ts';
import { findVersion } from '../../../updater/install/versions.ts';
import { Failed } from '../../../updater/model/failure.ts';
import { placeOf, type Globals } from '../place.ts';
import { runCommand } from '../terminal.ts';

/** `moult start`: switches to a waiting version, then starts the current one's program and returns its exit code. */
export function start(globals: Globals): Promise<number> {
  return runCommand(globals, async (job) => {
    const { layout, instance } = placeOf(globals);
    const { generation } = await askEngine<'switch'>({ kind: 'switch', root: layout.root, instance: instance.name }, job);
    const version = await findVersion(layout, generation.treeDigest);
    if (version === null) throw new Failed('state/damaged', `version ${generation.version} has no readable record`);
    const { entry } = version.manifest;
    if (entry === null) throw new Failed('start/no-entry', `version ${generation.version} declares no entry`);
    const child = spawn(join(version.folder, entry.program), entry.args, { stdio: 'inherit', cwd: version.folder, signal: job.signal });
    await once(child, 'exit');
    return child.exitCode ?? 1;
  });
}
