/** Runs a packaged copy of this product the way its user does: as a program of its own, talked to by its command line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../src/updater/disk/json.ts';
import { Failed, isFailureCode } from '../../src/updater/model/failure.ts';
import { progressSchema, type Job } from '../../src/updater/model/job.ts';
import { parseAs } from '../../src/updater/model/parse.ts';

/** A packaged product's folder and the installation it is told to work on. */
export interface Product {
  readonly folder: string;
  readonly root: string;
}

/** What every command that ends in a generation prints. */
export const outcomeSchema = z.object({
  from: z.string().nullable(),
  to: z.string(),
  treeDigest: z.string(),
  generation: z.object({ n: z.int(), state: z.string() }),
  took: z.object({ route: z.string(), wireBytes: z.int(), milliseconds: z.record(z.string(), z.number()) }).nullable(),
});

export type Outcome = z.infer<typeof outcomeSchema>;

/** Runs one command of the product and returns what it printed; its progress is the job's. Throws its failure. */
export async function runProduct({ folder, root }: Product, args: readonly string[], job: Job): Promise<Outcome> {
  const child = spawn(join(folder, 'moult'), ['--root', root, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: job.signal,
  });
  createInterface({ input: child.stderr }).on('line', (line) => relay(line, job));
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const value = parseJson(Buffer.from(printed), { maxBytes: 1024 ** 2 }, 'bug/unexpected');
  if (child.exitCode !== 0) throw failureIn(value, args);
  return parseAs(outcomeSchema, value, { what: args.join(' '), code: 'bug/unexpected' });
}

/** A line of progress is passed on; whatever else a program says on stderr is for the person's eyes. */
function relay(line: string, job: Job): void {
  const parsed = z
    .object({ progress: progressSchema })
    .safeParse(line.startsWith('{"progress"') ? parseJson(Buffer.from(line), { maxBytes: 4096 }) : null);
  if (parsed.success) job.report(parsed.data.progress);
  else process.stderr.write(`${line}\n`);
}

function failureIn(value: unknown, args: readonly string[]): Failed {
  const { failure } = parseAs(z.object({ failure: z.object({ code: z.string(), detail: z.string() }) }), value, {
    what: args.join(' '),
    code: 'bug/unexpected',
  });
  return new Failed(isFailureCode(failure.code) ? failure.code : 'bug/unexpected', `moult ${args.join(' ')}: ${failure.detail}`);
}
