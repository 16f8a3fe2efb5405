import { createInstance, type i18n, type TFunction } from 'i18next';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { formatsIn, type Formats } from './format.ts';
import ar from './ar.json';
import de from './de.json';
import en from './en.json';
import { directionOf, pseudo, type Language } from './language.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** What a component says something with: words by key, and numbers and times as the language writes them. */
export interface Words extends Formats {
  readonly t: TFunction;
  readonly language: Language;
  /** How long ago or in how long, as words. */
  ago(utc: string): string;
}

const Spoken = createContext<Words | null>(null);
const all = speakAll();

/** Lets everything below it speak one language. */
export function Speaking({ language, children }: { readonly language: Language; readonly children: ReactNode }): ReactNode {
  const words = useMemo(() => wordsIn(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = directionOf(language);
  }, [language]);
  return (
    <I18nProvider locale={localeOf(language)}>
      <Spoken value={words}>{children}</Spoken>
    </I18nProvider>
  );
}

/** The words of the language that is spoken here. */
export function useWords(): Words {
  const words = useContext(Spoken);
  if (words === null) throw new Error('no language is spoken here');
  return words;
}

/** Draws the caller again every so often, so that relative times stay true. */
export function useMinutes(): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
}

function wordsIn(language: Language): Words {
  const formats = formatsIn(localeOf(language));
  const t = all.getFixedT(language);
  return { ...formats, t, language, ago: (utc) => formats.relative(utc, Date.now()) ?? t('time.now') };
}

function speakAll(): i18n {
  const instance = createInstance();
  const resources = { en: { translation: en }, de: { translation: de }, ar: { translation: ar }, 'en-XA': { translation: pseudo(en) } };
  // The values go into text nodes, which need no escaping.
  void instance.init({ resources, lng: 'en', fallbackLng: 'en', interpolation: { escapeValue: false } });
  return instance;
}

function localeOf(language: Language): string {
  return language === 'en-XA' ? 'en' : language;
}
