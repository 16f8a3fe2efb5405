/**
 * One source's way through the missing parts: in ranges, several at once.
 *
 * The first range is fetched alone. Its answer tells whether the server knows ranges at all; one that does not sends the whole
 * file, once, and from that the parts are taken. It also tells the ETag, so that the other ranges can insist on the same state.
 */
import PQueue from 'p-queue';
import { Failed } from '../model/failure.ts';
import { insist, type Patience } from './attempts.ts';
import { Collector, type CollectTools } from './local/collect.ts';
import type { Part } from './local/sparse.ts';
import { type Answer, type Source, TryAgain } from './sources/source.ts';

/** What is fetched from where; `missing` is sorted by offset and becomes smaller as parts are verified. `size` is the remote file's. */
export interface Subject {
  readonly source: Source;
  readonly name: string;
  readonly size: number;
  readonly missing: ReadonlySet<Part>;
}

type Stream = Extract<Answer, { kind: 'range' | 'whole' }>;

/** What was learnt about a source while fetching one file from it. */
export class Course {
  readonly #patience: Patience;
  readonly #subject: Subject;
  readonly #tools: CollectTools;
  #knowsRanges = true;
  /** The ETag that further ranges must have, unless it turned out to change while the file does not, as with some groups of servers. */
  #validator: string | null = null;
  #isSteady = true;

  constructor(patience: Patience, subject: Subject, tools: CollectTools) {
    this.#patience = patience;
    this.#subject = subject;
    this.#tools = tools;
  }

  /** Fetches all that is missing; throws like `fetchParts`. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#lead(signal);
    if (this.#knowsRanges) await this.#sideBySide(signal);
    // Ranges can stop working on the way; then the whole file brings the rest.
    if (this.#subject.missing.size > 0) await this.#lead(signal);
  }

  /** Fetches the first range alone, or everything from a server that knows no ranges. */
  async #lead(signal: AbortSignal): Promise<void> {
    let isAll = !this.#knowsRanges;
    const all = (): Collector => new Collector([...this.#subject.missing], this.#tools);
    let collector = isAll ? all() : new Collector(this.#ranges()[0] ?? [], this.#tools);
    const attempt = async (progressed: () => void): Promise<void> => {
      const stream = await this.#open(collector, signal);
      if (stream.kind === 'whole' && !isAll) {
        this.#knowsRanges = false;
        isAll = true;
        collector.restartPart();
        collector = all();
      }
      await this.#pour(stream, collector, progressed);
    };
    await insist(this.#patience, attempt, signal);
  }

  /** Fetches the other ranges, some at a time; the first one that fails for good stops all. Returns early when ranges stop working. */
  async #sideBySide(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const queue = new PQueue({ concurrency: this.#patience.limits.streams });
    const fetchOne = async (parts: readonly Part[]): Promise<void> => {
      try {
        both.throwIfAborted();
        await this.#fetchRange(parts, both);
      } catch (error) {
        // The others are stopped and waited for: they write to a file that is closed after this.
        stop.abort(error);
      }
    };
    await queue.addAll(this.#ranges().map((parts) => () => fetchOne(parts)));
    both.throwIfAborted();
  }

  async #fetchRange(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    const collector = new Collector(parts, this.#tools);
    const attempt = async (progressed: () => void): Promise<void> => {
      const stream = this.#knowsRanges ? await this.#open(collector, signal) : null;
      if (stream?.kind === 'range') return this.#pour(stream, collector, progressed);
      stream?.body[Symbol.dispose]();
      this.#knowsRanges = false;
      collector.restartPart();
    };
    await insist(this.#patience, attempt, signal);
  }

  /** Asks for what a collector needs next; throws when the answer cannot be of the file that was published. */
  async #open(collector: Collector, signal: AbortSignal): Promise<Stream> {
    const { source, name, size } = this.#subject;
    const range = this.#knowsRanges ? { from: collector.position ?? 0, to: collector.end } : null;
    const validator = range === null || !this.#isSteady ? null : this.#validator;
    const answer = await source.ask(name, { range, validator, maxBytes: size }, signal);
    if (answer.kind === 'absent') throw new Failed('fetch/refused', `${source.label} does not have ${name}`);
    if (answer.kind === 'beyond') {
      this.#knowsRanges = false;
      throw new TryAgain(new Failed('fetch/refused', 'HTTP 416'), 0);
    }
    const problem = this.#problem(answer, validator);
    if (problem === null) return answer;
    answer.body[Symbol.dispose]();
    throw problem;
  }

  /** Compares what an answer says about the file with what is known; learns its ETag. */
  #problem({ kind, validator, totalBytes }: Stream, insistedOn: string | null): Error | null {
    const { size } = this.#subject;
    if (kind === 'whole' && insistedOn !== null) {
      // If-Range did not match. The hashes decide whether it is another file or only another ETag.
      this.#isSteady = false;
      return new TryAgain(new Failed('fetch/corrupt', 'the file changed on the server'), 0);
    }
    if (totalBytes !== null && totalBytes !== size)
      return new TryAgain(new Failed('fetch/corrupt', `the file has ${totalBytes} bytes instead of ${size}`));
    this.#validator ??= validator;
    return null;
  }

  async #pour(stream: Stream, collector: Collector, progressed: () => void): Promise<void> {
    using body = stream.body;
    const before = collector.verifiedParts;
    let at = stream.kind === 'whole' ? 0 : (collector.position ?? 0);
    collector.begin(stream.validator);
    if ((collector.position ?? 0) < at) throw new TryAgain(new Failed('fetch/corrupt', 'the file changed on the server'), 0);
    try {
      for await (const bytes of body) {
        await collector.take(bytes, at);
        at += bytes.length;
        if (collector.position === null) return;
      }
    } finally {
      if (collector.verifiedParts > before) progressed();
    }
    throw new TryAgain(new Failed('fetch/corrupt', `the answer ends at byte ${at}, before what was asked for`));
  }

  /** The missing parts, those that touch joined to ranges of at most `rangeBytes` (or one part). */
  #ranges(): readonly (readonly Part[])[] {
    const ranges: Part[][] = [];
    for (const part of this.#subject.missing) {
      const range = ranges.at(-1);
      const [first, last] = [range?.[0], range?.at(-1)];
      const joins = first !== undefined && last !== undefined && last.offset + last.size === part.offset;
      if (range !== undefined && joins && part.offset + part.size - first.offset <= this.#patience.limits.rangeBytes) range.push(part);
      else ranges.push([part]);
    }
    return ranges;
  }
}
