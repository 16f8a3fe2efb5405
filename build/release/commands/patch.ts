import type { Command } from 'commander';
import type { Run } from './terminal.ts';

/** Adds `patch make`, `patch apply` and `patch show`. */
export function addPatchCommands(_program: Command, _run: Run): void {}
