/** What an application's data consists of, as its `moult.json` declares it: the engine knows nothing more about it. */
import { z } from 'zod';
import { nameSchema, parseAs } from '../parse.ts';
import { pathSchema } from '../tree.ts';

const paths = z.array(pathSchema).max(100);

const declarationSchema = z.object({
  state: paths.default(['config', 'data']),
  bulk: z.array(nameSchema).max(100).default([]),
  cache: paths.default([]),
  databases: paths.default([]),
  migrations: z
    .array(z.int().positive())
    .max(10_000)
    .refine((numbers) => numbers.every((n, i) => i === 0 || n === (numbers[i - 1] ?? 0) + 1), 'not ascending without gaps')
    .default([]),
  exporters: z.array(nameSchema).max(100).default([]),
});

/**
 * Paths are relative to the epoch's folder. `state` is cloned into each epoch, `bulk` names folders that all epochs share, `cache`
 * is left behind, `databases` are SQLite files whose `user_version` is the data version, `migrations` the data versions that
 * this program can migrate to from the one before, `exporters` the open formats that it can write.
 */
export type DataDeclaration = Readonly<z.infer<typeof declarationSchema>>;

/** Returns a manifest's `data` with what it leaves out; null, no declaration at all, means `config/` and `data/` as they are. Throws `check/invalid`. */
export function parseDataDeclaration(value: unknown): DataDeclaration {
  return parseAs(declarationSchema, value ?? {}, { what: 'manifest data', code: 'check/invalid' });
}

/** The first data version between `from` and `to` that this program cannot migrate to, or null when it can make every step. */
export function missingMigration({ migrations }: DataDeclaration, from: number, to: number): number | null {
  for (let n = from + 1; n <= to; n += 1) if (!migrations.includes(n)) return n;
  return null;
}
