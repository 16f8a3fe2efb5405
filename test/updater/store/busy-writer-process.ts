/** Writes to a database as fast as it can until it is killed: each transaction moves one unit between two accounts and adds a row. */
import Database from 'better-sqlite3';

const [path = '', mode = 'wal'] = process.argv.slice(2);
const database = new Database(path, { timeout: 60_000 });
database.pragma(`journal_mode = ${mode}`);
// As fast as a machine can, so that a copy in more than one step would never end.
database.pragma('synchronous = OFF');
database.exec('CREATE TABLE account (id INTEGER PRIMARY KEY, units INTEGER); CREATE TABLE log (text TEXT)');
database.exec('INSERT INTO account VALUES (1, 1000), (2, 1000)');
database.exec(
  'INSERT INTO log WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT hex(randomblob(200)) FROM n',
);
const move = database.prepare('UPDATE account SET units = units + ? WHERE id = ?');
const note = database.prepare('INSERT INTO log VALUES (hex(randomblob(2000)))');
const step = database.transaction(() => {
  move.run(-1, 1);
  note.run();
  move.run(1, 2);
});
step();
process.send?.('writing');
for (;;) step();
