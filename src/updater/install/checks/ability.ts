import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { Layout } from '../layout.ts';

/** What self-update can do on this installation, and why not more. */
export interface Ability {
  readonly kind: 'full' | 'blocked';
  readonly why: string;
}

/** Finds out whether this account may change the installation; touches nothing. */
export function abilityOf(layout: Layout): Ability {
  const folder = nearestFolder(layout.root);
  return isWritable(folder)
    ? { kind: 'full', why: 'this account may write there' }
    : { kind: 'blocked', why: `${folder} is read-only for this account` };
}

function nearestFolder(path: string): string {
  try {
    accessSync(path, constants.F_OK);
    return path;
  } catch {
    // What does not exist yet would be created in its parent.
    return dirname(path) === path ? path : nearestFolder(dirname(path));
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // The question itself: access refuses by throwing.
    return false;
  }
}
