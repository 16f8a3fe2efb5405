/** Runs a packaged copy of this product the way its user does: as a program of its own, talked to by its command line. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseJson } from '../../src/updater/disk/json.ts';
import { Failed, isFailureCode, type Failure } from '../../src/updater/model/failure.ts';
import { progressSchema, type Job } from '../../src/updater/model/job.ts';
import { parseAs } from '../../src/updater/model/parse.ts';

/** A packaged product's folder and the installation it is told to work on. */
export interface Product {
  readonly folder: string;
  readonly root: string;
}

const outcomeSchema = z.object({
  from: z.string().nullable(),
  to: z.string(),
  treeDigest: z.string(),
  generation: z.object({ n: z.int(), state: z.string() }),
  took: z.object({ route: z.string(), wireBytes: z.int(), milliseconds: z.record(z.string(), z.number()) }).nullable(),
});

/** What every command that ends in a generation prints. */
export type Outcome = z.infer<typeof outcomeSchema>;

const newsSchema = z.object({ kind: z.string(), generation: z.int().nullable() });

type News = z.infer<typeof newsSchema>;

/** Runs one command that ends in a generation, and returns what it printed; its progress is the job's. Throws its failure. */
export async function runProduct(product: Product, args: readonly string[], job: Job): Promise<Outcome> {
  return parse(outcomeSchema, await askProduct(product, args, job), args);
}

/** Runs one command and returns the document that it printed. Throws its failure. */
export async function askProduct(product: Product, args: readonly string[], job: Job): Promise<unknown> {
  const { exitCode, printed } = await talk(product, args, { job });
  if (exitCode !== 0) throw failedBy(failureIn(printed, args), args);
  return printed;
}

/** A command that did not do what it was asked: how it ended, why, and how often it started a program on trial. */
export interface Refusal {
  readonly exitCode: number | null;
  readonly failure: Failure;
  readonly starts: number;
}

/** Runs one command that is to end with a failure, and returns that. Throws `bug/unexpected` when it does not. */
export async function refusalOf(product: Product, args: readonly string[], job: Job): Promise<Refusal> {
  const { exitCode, printed, news } = await talk(product, args, { job });
  if (exitCode === 0) throw new Failed('bug/unexpected', `moult ${args.join(' ')} did what it should have refused`);
  return { exitCode, failure: failureIn(printed, args), starts: news.filter(({ kind }) => kind === 'started').length };
}

/** Starts the product's program, ends it once its trial is over, and returns whether it has proven itself. */
export async function startToVerdict(product: Product, job: Job): Promise<boolean> {
  const { news } = await talk(product, ['start', '--host', 'headless'], {
    job,
    endsAt: (kind) => kind === 'good' || kind === 'taken-back',
  });
  return news.some(({ kind }) => kind === 'good');
}

/** Whether a window could be shown on this machine. */
export function hasDisplay(): boolean {
  const { DISPLAY = '', WAYLAND_DISPLAY = '' } = process.env;
  return process.platform === 'win32' || process.platform === 'darwin' || `${DISPLAY}${WAYLAND_DISPLAY}` !== '';
}

/** Opens what is installed in a window, by the launcher as a person would, and returns when that is closed. */
export async function lookAt(root: string): Promise<void> {
  await once(spawn(join(root, 'boot', 'moult'), ['--host', 'browser'], { stdio: 'inherit' }), 'exit');
}

/** Says words to the notes, the program that the product carries, and returns what it printed. */
export async function talkToNotes({ folder, root }: Product, words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(folder, 'notes'), [...words], { env: { ...process.env, MOULT_ROOT: root } });
  return stdout;
}

interface Talk {
  readonly job: Job;
  /** At which news the command is told to end. */
  endsAt?(kind: string): boolean;
}

interface Said {
  readonly exitCode: number | null;
  readonly printed: unknown;
  readonly news: readonly News[];
}

async function talk({ folder, root }: Product, args: readonly string[], { job, endsAt }: Talk): Promise<Said> {
  const child = spawn(join(folder, 'moult'), ['--root', root, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: job.signal,
  });
  const news: News[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    const heard = hear(line, job);
    if (heard === null) return;
    news.push(heard);
    // A trial takes its time and counts no bytes.
    if (heard.kind === 'started') job.report({ step: 'confirm', doneBytes: 0, totalBytes: null });
    if (endsAt?.(heard.kind) === true) child.kill('SIGTERM');
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const value = printed === '' ? null : parseJson(Buffer.from(printed), { maxBytes: 1024 ** 2 }, 'bug/unexpected');
  return { exitCode: child.exitCode, printed: value, news };
}

const lineSchema = z.object({ progress: progressSchema.optional(), news: newsSchema.optional() });

/** A line of progress is passed on, news are returned; whatever else a program says on stderr is for the person's eyes. */
function hear(line: string, job: Job): News | null {
  const isOurs = line.startsWith('{"progress"') || line.startsWith('{"news"');
  const parsed = lineSchema.safeParse(isOurs ? parseJson(Buffer.from(line), { maxBytes: 65_536 }) : null);
  if (!parsed.success) process.stderr.write(`${line}\n`);
  if (parsed.data?.progress !== undefined) job.report(parsed.data.progress);
  return parsed.data?.news ?? null;
}

const refusedSchema = z.object({ failure: z.object({ code: z.string(), detail: z.string() }) });

function failureIn(printed: unknown, args: readonly string[]): Failure {
  const { code, detail } = parse(refusedSchema, printed, args).failure;
  return new Failed(isFailureCode(code) ? code : 'bug/unexpected', detail).failure;
}

function failedBy({ code, detail }: Failure, args: readonly string[]): Failed {
  return new Failed(code, `moult ${args.join(' ')}: ${detail}`);
}

function parse<Shape>(schema: z.ZodType<Shape>, value: unknown, args: readonly string[]): Shape {
  return parseAs(schema, value, { what: args.join(' '), code: 'bug/unexpected' });
}
