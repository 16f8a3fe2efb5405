/**
 * Builds the one addon that comes as source (`bsdiff-node`, for making patches) when it is missing or does not load.
 *
 * Plain JavaScript that an old Node understands, because it also runs before anything of the project does. It needs no
 * network: the headers are those of the pinned Node package, so an empty home folder and an unreachable nodejs.org do not matter.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinned = pinnedNode();
if (!loads(pinned.program)) build();

function build() {
  const missing = process.platform === 'linux' ? ['python3', 'make', 'g++'].filter((tool) => spawnSync(tool, ['--version']).error) : [];
  if (missing.length > 0)
    stop(`bsdiff-node is built from source, which needs ${missing.join(', ')}.`, 'apt-get install -y python3 make g++');
  process.stderr.write('Building bsdiff-node, once …\n');
  const npm = npmCommand();
  const done = spawnSync(npm.program, [...npm.args, 'rebuild', 'bsdiff-node', '--ignore-scripts=false'], {
    cwd: root,
    env: { ...process.env, npm_config_nodedir: pinned.headers, npm_config_update_notifier: 'false' },
    encoding: 'utf8',
  });
  if (done.status === 0 && loads(pinned.program)) return;
  stop(
    `bsdiff-node could not be built.\n${done.error?.message ?? ''}${done.stdout}${done.stderr}`,
    'npm rebuild bsdiff-node --ignore-scripts=false',
  );
}

/** The Node that everything here runs on: the installed package, or the one running now where there is none for the platform. */
function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const headers = join(root, 'node_modules', `node-${platform}-${process.arch}`);
  const program = join(headers, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(program)) return { program, headers };
  if (Number.parseInt(process.versions.node, 10) >= 24) return { program: process.execPath, headers: dirname(dirname(process.execPath)) };
  return stop('Node 24 is not here, neither as the package that `npm ci` brings nor as the Node running this.', 'npm ci');
}

/** Whether the addon is there, whole, and built for the Node that will use it; only that Node can tell. */
function loads(program) {
  return spawnSync(program, ['-e', "require('bsdiff-node')"], { cwd: root }).status === 0;
}

/** The npm that started this, run by the Node that runs it; else the one on the PATH. */
function npmCommand() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script) return { program: node ?? process.execPath, args: [script] };
  if (process.platform !== 'win32') return { program: 'npm', args: [] };
  return { program: process.execPath, args: [join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')] };
}

/** Ends the process with what went wrong and the command that mends it. */
function stop(what, command) {
  process.stderr.write(`${what}\nWhat to do: ${command}\n`);
  process.exit(1);
}
