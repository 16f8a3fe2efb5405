/** Messages of the operating system, in the person's language. Never the only way to hear of something: every window says the same. */
import { app, Notification } from 'electron';
import type { Notification as Notice } from '../../src/main/host/host.ts';

type Words = Readonly<Record<Notice['code'], (version: string) => string>>;

const english: Words = {
  available: (version) => `Version ${version} is available.`,
  ready: (version) => `Version ${version} is ready. It starts the next time you open the program.`,
  updated: (version) => `Updated to version ${version}.`,
  'taken-back': (version) => `Version ${version} did not work here. The version before is back, with its data.`,
  'restart-soon': (version) => `Restarting into version ${version} in a minute.`,
};

const german: Words = {
  available: (version) => `Version ${version} ist verfügbar.`,
  ready: (version) => `Version ${version} ist bereit und startet beim nächsten Öffnen.`,
  updated: (version) => `Auf Version ${version} aktualisiert.`,
  'taken-back': (version) => `Version ${version} lief hier nicht. Die vorige Version ist zurück, mit ihren Daten.`,
  'restart-soon': (version) => `Neustart in Version ${version} in einer Minute.`,
};

const arabic: Words = {
  available: (version) => `الإصدار ${version} متاح.`,
  ready: (version) => `الإصدار ${version} جاهز وسيبدأ عند فتح البرنامج في المرة القادمة.`,
  updated: (version) => `تم التحديث إلى الإصدار ${version}.`,
  'taken-back': (version) => `لم يعمل الإصدار ${version} هنا. عاد الإصدار السابق مع بياناته.`,
  'restart-soon': (version) => `إعادة التشغيل إلى الإصدار ${version} خلال دقيقة.`,
};

const languages: Readonly<Record<string, Words>> = { en: english, de: german, ar: arabic };

/** The words for a message in the first of these languages (BCP 47) that there are words in, else in English. */
export function noticeText({ code, version }: Notice, wished: readonly string[]): string {
  const words = wished.map((language) => languages[language.split('-', 1)[0] ?? '']).find((found) => found !== undefined);
  return (words ?? english)[code](version);
}

/** Shows a message where the system has a place for them; `clicked` hears that the person wants to see more. */
export function showNotice(body: string, clicked: () => void): void {
  if (!Notification.isSupported()) return;
  const shown = new Notification({ title: app.name, body });
  shown.on('click', clicked);
  shown.show();
}
