/** What a release is, in the words that whoever decides about it needs. */
import { missingMigration, parseDataDeclaration } from '../../model/application/data.ts';
import type { Generation } from '../../model/generation.ts';
import type { Manifest } from '../../model/manifest.ts';

/** A language's notes are cut here: nobody reads more, and every window holds them. */
const mostNotes = 64 * 1024;

/**
 * `notes` is Markdown by language, at most 64 KiB each; `breaking` says what breaks; `canMigrate` whether the present data can be taken
 * along; `freeBytes` is the room on the disk; `isSteppingStone`: a newer version can only be reached from this one on.
 */
export interface About extends Pick<Manifest, 'type' | 'severity' | 'risk' | 'publishedAt' | 'notes'> {
  readonly changes: { readonly security: number; readonly fixes: number; readonly features: number };
  readonly breaking: readonly string[];
  readonly canMigrate: boolean;
  readonly freeBytes: number;
  readonly isSteppingStone: boolean;
}

/** Describes a release to a machine that runs `running` (null: nothing). Pure. */
export function aboutOf(
  manifest: Manifest,
  running: Pick<Generation, 'dataVersion'> | null,
  more: Pick<About, 'freeBytes' | 'isSteppingStone'>,
): About {
  const { type, severity, risk, publishedAt, changes, breaking } = manifest;
  const count = (...kinds: readonly string[]): number => changes.filter(({ kind }) => kinds.includes(kind)).length;
  const from = running?.dataVersion ?? manifest.dataVersion;
  return {
    ...more,
    type,
    severity,
    risk,
    publishedAt,
    notes: notesOf(manifest),
    changes: { security: count('security'), fixes: count('fix', 'perf'), features: count('feat') },
    breaking: breaking.map(({ what }) => what),
    canMigrate: missingMigration(parseDataDeclaration(manifest.data), from, manifest.dataVersion) === null,
  };
}

/** A release's notes by language, each no longer than anybody reads. */
export function notesOf({ notes }: Pick<Manifest, 'notes'>): Manifest['notes'] {
  return Object.fromEntries(Object.entries(notes).map(([language, text]) => [language, cut(text)]));
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  // Half a character at the end becomes a mark that stands for one.
  return bytes.length <= mostNotes ? text : bytes.subarray(0, mostNotes).toString();
}
