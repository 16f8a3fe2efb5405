/**
 * How a program is kept to itself in a rehearsal: a home, desktop session and message bus of its own (none), so no keychain, tray
 * or registration to reach; no network where the system can take it away (Linux namespaces), else no proxy that answers. What
 * it must not touch it is told as well, in `MOULT_DENY`.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An environment to start with, and the command to put the program behind; `isNetworkGone` where that is certain. */
export interface Denial {
  readonly environment: Readonly<Record<string, string>>;
  readonly behind: readonly string[];
  readonly isNetworkGone: boolean;
}

/** Everything else in the environment may lead to the person's session. */
const passed = /^(?:PATH|LANG|LANGUAGE|LC_\w+|TZ|LD_LIBRARY_PATH|SystemRoot|windir|COMSPEC|PATHEXT)$/i;
const nowhere = 'http://127.0.0.1:9';

/** Prepares a rehearsal whose home is below `folder`. */
export async function denyAll(folder: string): Promise<Denial> {
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => passed.test(entry[0]) && entry[1] !== undefined,
  );
  const homes = ['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'TMPDIR', 'TEMP', 'TMP', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'];
  const places = [...homes, 'XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'].map((name) => [name, home] as const);
  const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name) => [name, nowhere] as const);
  const behind = await withoutNetwork();
  return {
    environment: {
      ...Object.fromEntries([...inherited, ...places, ...proxies]),
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      MOULT_DENY: 'network,keychain,tray,registration',
    },
    behind,
    isNetworkGone: behind.length > 0,
  };
}

const unshare = ['unshare', '--user', '--map-current-user', '--net', '--'] as const;

/** The command that takes the network away, where this account may use it. */
async function withoutNetwork(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  return promisify(execFile)(unshare[0], [...unshare.slice(1), 'true']).then(
    () => unshare,
    () => [],
  );
}
