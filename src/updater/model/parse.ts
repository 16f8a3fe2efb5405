import { z } from 'zod';
import { Failed, type FailureCode } from './failure.ts';

/** Returns `value` as the schema's type, without the fields it does not know; throws `Failed(code)` naming what it is and its first wrong field. */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  as: { what: string; code: FailureCode },
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue === undefined ? '' : issue.path.map(String).join('.');
  throw new Failed(as.code, `${as.what}${path === '' ? '' : ` ${path}`}: ${issue?.message ?? 'not as expected'}`, { cause: result.error });
}

/** A SHA-256 in lower-case hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hexadecimal');

/** A semantic version (semver.org 2.0.0), at most 64 characters, so that it is also a safe file name. */
export const versionSchema = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})(-(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/,
    'not a semantic version',
  );

/** A point in time as it is written in every signed file and record: UTC, whole seconds. */
export const timeSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, 'not a UTC time with whole seconds')
  .refine((text) => isCalendarTime(text), 'not a date that exists');

/** A time as signed files and records write it, without its milliseconds. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** A whole number of bytes, up to 2^53 − 1. */
export const sizeSchema = z.int().nonnegative();

/** Names of products, channels, platforms and architectures: they become parts of file names and URLs. */
export const nameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'not a lower-case name');

/** `2026-02-30` parses in JavaScript as 2 March; a time that does not print as it was written does not exist. */
function isCalendarTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text.replace('Z', '.000Z');
}
