import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';

/** The version of this tool, a semantic version: that of the package it came in. */
export function toolVersion(): string {
  const path = findPackageJSON(import.meta.url);
  const { version } = z.object({ version: z.string() }).parse(path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8')));
  return version;
}
