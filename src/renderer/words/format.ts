/** Numbers and times as a language writes them. Sizes are decimal: 1 MB is a million bytes. */

/** How one language writes what the host sends as numbers and UTC times. */
export interface Formats {
  number(value: number): string;
  /** A share from 0 to 1. */
  percent(share: number): string;
  bytes(count: number): string;
  /** A span: in steps of five seconds below a minute, else in minutes, hours or days. */
  span(seconds: number): string;
  days(count: number): string;
  /** A moment with its day and time of day. */
  moment(utc: string): string;
  timeOfDay(utc: string): string;
  /** How long ago, or in how long; null when that is less than a minute. */
  relative(utc: string, now: number): string | null;
}

/** The formats of a locale, such as `de`. */
export function formatsIn(locale: string): Formats {
  const unit = (name: string, value: number, digits = 0): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  const long = (name: string, value: number): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 0 }).format(value);
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const times = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const relatives = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return {
    number: (value) => new Intl.NumberFormat(locale).format(value),
    percent: (share) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share),
    bytes: (count) => unit(...bytesUnit(count)),
    span: (seconds) => long(...spanUnit(seconds)),
    days: (count) => long('day', count),
    moment: (utc) => moments.format(new Date(utc)),
    timeOfDay: (utc) => times.format(new Date(utc)),
    relative: (utc, now) => {
      const [value, name] = distance((Date.parse(utc) - now) / 1000);
      return value === 0 ? null : relatives.format(value, name);
    },
  };
}

function bytesUnit(count: number): [unit: string, value: number, digits: number] {
  if (count < 1000) return ['byte', count, 0];
  if (count < 999_500) return ['kilobyte', count / 1e3, 0];
  const [unit, value]: [string, number] = count < 999.5e6 ? ['megabyte', count / 1e6] : ['gigabyte', count / 1e9];
  return [unit, value, value < 99.5 ? 1 : 0];
}

function spanUnit(seconds: number): [unit: string, value: number] {
  if (seconds < 57.5) return ['second', Math.max(5, Math.round(seconds / 5) * 5)];
  if (seconds < 5400) return ['minute', Math.round(seconds / 60)];
  if (seconds < 129_600) return ['hour', Math.round(seconds / 3600)];
  return ['day', Math.round(seconds / 86_400)];
}

function distance(seconds: number): [value: number, unit: Intl.RelativeTimeFormatUnit] {
  const size = Math.abs(seconds);
  if (size < 60) return [0, 'second'];
  if (size < 3600) return [Math.trunc(seconds / 60), 'minute'];
  if (size < 86_400) return [Math.trunc(seconds / 3600), 'hour'];
  return [Math.trunc(seconds / 86_400), 'day'];
}
