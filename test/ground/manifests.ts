import { createHash } from 'node:crypto';
import type { Manifest } from '../../src/updater/model/manifest.ts';

/** A SHA-256 that stands for something. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const emptyPackage = { url: 'packages/p', size: 0, sha256: digestOf(''), headerSize: 0, headerSha256: digestOf('') };

/** A manifest of a small release in which only the named fields are of interest. */
export function manifestWith(fields: Partial<Manifest>): Manifest {
  return {
    schema: '1.0',
    product: 'moult',
    version: '1.0.0',
    platform: 'linux',
    arch: 'x64',
    publishedAt: '2026-01-02T03:04:05Z',
    type: 'minor',
    severity: 'none',
    risk: 'low',
    notes: {},
    changes: [],
    breaking: [],
    tree: { digest: digestOf('tree'), files: [], links: [] },
    full: emptyPackage,
    patches: [],
    evolutions: [],
    needs: { updater: null, os: null, libc: null, minFrom: null },
    dataVersion: 0,
    configSchema: 0,
    chromiumMajor: null,
    rollback: { supported: true, minVersion: null },
    entry: null,
    data: null,
    health: { stageTimeoutMs: 30_000, tries: 3, errorRateLimit: 50 },
    provenance: { revision: 'r', source: 's', builtAt: '2026-01-02T03:04:05Z', builder: 'b', inputsDigest: digestOf('inputs') },
    ...fields,
  };
}
