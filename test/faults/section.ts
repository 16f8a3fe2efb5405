/** The sections of docs/campaign.md: each campaign writes its own and leaves the others as they are. */
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';

const path = new URL('../../docs/campaign.md', import.meta.url);

/** Replaces the section with this heading, or adds it as the last one; `lines` are Markdown. */
export async function keepSection(heading: string, lines: readonly string[]): Promise<void> {
  const sections = (await readFile(path, 'utf8')).split(/^(?=## )/m);
  const own = `## ${heading}\n\n${lines.join('\n')}\n\n`;
  const at = sections.findIndex((section) => section.startsWith(`## ${heading}\n`));
  const all = at === -1 ? [...sections, own] : sections.with(at, own);
  await writeFile(path, await format(all.map((section) => `${section.trimEnd()}\n\n`).join(''), { parser: 'markdown' }));
}
