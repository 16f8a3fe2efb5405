/** A small product with notes: a program by the boot contract that migrates them, proves itself, and leaves. */
import { createRequire } from 'node:module';
import type { Contents } from '../../../ground/publisher.ts';

const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');

/** The tree of a version; a bad one ends by itself before it is ready. */
export function treeOf(version: string, isBad = false): Contents {
  return { start: { program: startOf(version, isBad) }, 'migrate.cjs': migrate, 'read me': `${version}\n` };
}

/** Ends when its supervisor is gone, or is told to; `QUIT_AT_ONCE`: as soon as it is ready, by its user's wish. */
function startOf(version: string, isBad: boolean): string {
  return `#!/bin/sh
say() { echo "$1" >> "$MOULT_HEALTH" || exit 3; }
case "$MOULT_MODE" in
  migrate) exec '${process.execPath}' migrate.cjs ;;
  run) ;;
  *) exit 0 ;;
esac
say '{"stage":"loaded"}'
echo ${version} >> "$MOULT_EPOCH/data/log" || exit 3
${isBad ? 'exit 1' : `say '{"stage":"ready"}'`}
if [ -n "$QUIT_AT_ONCE" ]; then say '{"quitting":"user"}'; exit 0; fi
exec cat <&"$NODE_CHANNEL_FD" > /dev/null
`;
}

/** To data version 2: every note has a title, which is its text in capitals. */
const migrate = `
const database = new (require(${JSON.stringify(sqlite)}))(process.env.MOULT_EPOCH + '/data/notes.db', { fileMustExist: true });
database.pragma('journal_mode = WAL');
if (database.pragma('user_version', { simple: true }) < 2) {
  database.exec("BEGIN; ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT ''; UPDATE notes SET title = upper(text); PRAGMA user_version = 2; COMMIT");
}
database.close();
`;
