/** The notes in open formats: `notes.json` (an array of objects) and `notes.csv` (RFC 4180, UTF-8, a header line). */
import { join } from 'node:path';
import { replaceFile } from '../../updater/disk/atomic.ts';
import type { Note } from '../contract/notes.ts';

const columns = ['id', 'title', 'text', 'writtenAt'] as const;

/** Writes both files into an existing folder; each appears whole. */
export async function exportNotes(notes: readonly Note[], folder: string): Promise<void> {
  await replaceFile(join(folder, 'notes.json'), `${JSON.stringify(notes, null, 2)}\n`);
  await replaceFile(join(folder, 'notes.csv'), csvOf(notes));
}

/** The notes as lines of comma-separated values. */
export function csvOf(notes: readonly Note[]): string {
  const lines = [columns, ...notes.map((note) => columns.map((column) => String(note[column])))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
