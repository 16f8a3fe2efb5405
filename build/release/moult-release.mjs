#!/usr/bin/env node
// Plain JavaScript without imports at the top, so that a Node which cannot read the rest can still say so.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `moult-release needs Node 24 or newer and was started by ${process.version}; run "npm ci", then "npx moult-release".\n`,
  );
  process.exitCode = 6;
} else {
  const { main, processTerminal } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2), processTerminal());
}
