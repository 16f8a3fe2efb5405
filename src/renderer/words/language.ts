import type { Preferences } from '../../main/contract/preferences.ts';

export type Language = Exclude<Preferences['language'], 'system'>;

const system: readonly Language[] = ['en', 'de', 'ar'];

/** The language to speak: what the person chose, else the first that the system wishes and we have, else English. */
export function languageOf(chosen: Preferences['language'], wished: readonly string[]): Language {
  if (chosen !== 'system') return chosen;
  const known = wished.map((tag) => system.find((language) => tag.toLowerCase().split('-')[0] === language));
  return known.find((language) => language !== undefined) ?? 'en';
}

/** Which way a language is written. */
export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr';
}

type Words = { readonly [key: string]: string | Words };

/** English that nobody can mistake for finished, two fifths longer: it shows what was not translated and what does not fit. */
export function pseudo(words: Words): Words {
  return Object.fromEntries(Object.entries(words).map(([key, value]) => [key, typeof value === 'string' ? stretch(value) : pseudo(value)]));
}

const accents: Readonly<Record<string, string>> = {
  a: 'å',
  e: 'é',
  i: 'î',
  o: 'ö',
  u: 'û',
  A: 'Å',
  E: 'É',
  I: 'Î',
  O: 'Ö',
  U: 'Û',
  n: 'ñ',
  c: 'ç',
};

function stretch(text: string): string {
  // What is in braces is replaced by a value: it stays as it is.
  const accented = text.replaceAll(/\{\{.*?\}\}|[A-Za-z]/g, (part) => accents[part] ?? part);
  const extra = Math.ceil(text.replaceAll(/\{\{.*?\}\}/g, '').length * 0.4);
  return `[${accented}${' ~~~~'.repeat(Math.ceil(extra / 5)).slice(0, extra)}]`;
}
