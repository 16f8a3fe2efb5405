/** Two ways measured in turn, so that a machine that changes its speed changes both. */

/** One way's figures: medians over the counted runs. */
export interface Figures {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** The figures of both ways and the median of the pair-by-pair ratios a/b. */
export interface Comparison {
  readonly a: Figures;
  readonly b: Figures;
  readonly wallRatio: number;
  readonly cpuRatio: number;
}

/** One way of doing something: `prepare` is not counted. */
export interface Way {
  prepare(): Promise<void>;
  run(): Promise<unknown>;
}

/** Runs `a` and `b` in turn, once to warm up and `runs` times counted. CPU time is this process's and its threads'. */
export async function compare(runs: number, a: Way, b: Way): Promise<Comparison> {
  await measure(a);
  await measure(b);
  const pairs: { a: Figures; b: Figures }[] = [];
  for (let run = 0; run < runs; run += 1) pairs.push({ a: await measure(a), b: await measure(b) });
  return {
    a: medians(pairs.map((pair) => pair.a)),
    b: medians(pairs.map((pair) => pair.b)),
    wallRatio: median(pairs.map((pair) => pair.a.wallMs / pair.b.wallMs)),
    cpuRatio: median(pairs.map((pair) => pair.a.cpuMs / pair.b.cpuMs)),
  };
}

async function measure(way: Way): Promise<Figures> {
  await way.prepare();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await way.run();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

function medians(figures: readonly Figures[]): Figures {
  return { wallMs: median(figures.map(({ wallMs }) => wallMs)), cpuMs: median(figures.map(({ cpuMs }) => cpuMs)) };
}

/** The middle value; the upper one of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A comparison as one line of a table. */
export function row(name: string, { a, b, wallRatio, cpuRatio }: Comparison): string {
  const cells = [a.wallMs, b.wallMs].map((ms) => `${ms.toFixed(0)} ms`);
  return `| ${name} | ${cells.join(' | ')} | ${wallRatio.toFixed(2)} | ${cpuRatio.toFixed(2)} |`;
}
