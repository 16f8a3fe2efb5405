/** The data of the epoch that runs: databases as SQLite sees them, config files as JSON. Only reads; the application may be running. */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { namesIn } from '../../disk/atomic.ts';
import { parseJson } from '../../disk/json.ts';
import { epochFolder, readEpoch } from '../../install/epoch/record.ts';
import type { Instance } from '../../install/layout.ts';
import { parseDataDeclaration } from '../../model/application/data.ts';
import { Failed } from '../../model/failure.ts';
import type { Generation } from '../../model/generation.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Finding, FindingCode } from '../../model/application/health.ts';

const configBytes = 16 * 1024 ** 2;

/** What was found in how many databases. */
export interface VerifiedData {
  readonly databases: number;
  readonly findings: readonly Finding[];
}

/** Checks one generation's data as its version declares it. */
export async function verifyData(instance: Instance, { epoch }: Generation, manifest: Manifest): Promise<VerifiedData> {
  const record = await readEpoch(instance, epoch);
  // Content keeps nothing, and what was never started has nothing yet.
  if (record === null) {
    const evidence = `epochs/${epoch} has no readable record`;
    const missing = { code: 'epoch/missing', subject: { kind: 'epoch', epoch }, evidence, mends: null } as const;
    return { databases: 0, findings: manifest.entry === null ? [] : [missing] };
  }
  const folder = epochFolder(instance, epoch);
  const { databases } = parseDataDeclaration(manifest.data);
  const found = databases.filter((path) => existsSync(join(folder, path)));
  return { databases: found.length, findings: found.flatMap((path) => verifyDatabase({ folder, path, epoch }, record.dataVersion)) };
}

/** Checks that every JSON file of an epoch's config can be read. */
export async function verifyConfig(
  instance: Instance,
  epoch: number,
): Promise<{ readonly files: number; readonly findings: readonly Finding[] }> {
  const folder = join(epochFolder(instance, epoch), 'config');
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.json'));
  const findings: Finding[] = [];
  for (const name of names) {
    const evidence = await problemOf(join(folder, name));
    const subject = { kind: 'data', epoch, path: `config/${name}` } as const;
    if (evidence !== null) findings.push({ code: 'config/invalid', subject, evidence, mends: null });
  }
  return { files: names.length, findings };
}

async function problemOf(path: string): Promise<string | null> {
  try {
    parseJson(await readFile(path), { maxBytes: configBytes }, 'state/damaged');
    return null;
  } catch (error) {
    // The question itself: what cannot be read is what is looked for.
    return error instanceof Failed ? error.failure.detail : String(error);
  }
}

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly epoch: number;
}

/** At most this many of SQLite's own complaints are kept as evidence. */
const complaints = 5;

function verifyDatabase({ folder, path, epoch }: Place, dataVersion: number): readonly Finding[] {
  const finding = (code: FindingCode, evidence: string): Finding => ({
    code,
    subject: { kind: 'data', epoch, path },
    evidence,
    mends: null,
  });
  try {
    const database = new Database(join(folder, path), { readonly: true, fileMustExist: true });
    try {
      const said = textsOf(database.pragma(`integrity_check(${complaints})`));
      const lost = z.array(z.unknown()).parse(database.pragma('foreign_key_check')).length;
      const version = database.pragma('user_version', { simple: true });
      return [
        ...(said.length === 1 && said[0] === 'ok' ? [] : [finding('data/damaged', said.join('; '))]),
        ...(lost === 0 ? [] : [finding('data/references', `${lost} rows name others that are not there`)]),
        ...(version === dataVersion || version === 0
          ? []
          : [finding('data/version', `it has ${String(version)}, its epoch ${dataVersion}`)]),
      ];
    } finally {
      database.close();
    }
  } catch (error) {
    // What SQLite cannot even open or read is the worst of damage, and what is looked for here.
    if (error instanceof Database.SqliteError) return [finding('data/damaged', `${error.code}: ${error.message}`)];
    throw error;
  }
}

function textsOf(rows: unknown): readonly string[] {
  return z
    .array(z.object({ integrity_check: z.string() }))
    .parse(rows)
    .map((row) => row.integrity_check);
}
