#!/usr/bin/env node
// Plain JavaScript without imports at the top, so that a Node which cannot read the rest can still say so.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`moult needs Node 24 or newer and was started by ${process.version}; run it as "npx moult" after "npm ci".\n`);
  process.exitCode = 6;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
