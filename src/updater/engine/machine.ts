import os from 'node:os';
import { z } from 'zod';

/** The version of what this engine can read and do, as a release's `needs.updater` means it. */
export const updaterVersion = '1.0.0';

/** What a release may ask of a machine; `libc` is the version of glibc, null where there is none. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly os: string;
  readonly libc: string | null;
}

const reportSchema = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

/** Describes the machine this runs on. */
export function thisMachine(): Machine {
  const report = reportSchema.safeParse(process.platform === 'linux' ? process.report.getReport() : null);
  return {
    platform: process.platform,
    arch: process.arch,
    os: os.release(),
    libc: report.data?.header.glibcVersionRuntime ?? null,
  };
}
