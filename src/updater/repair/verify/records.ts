/** What an instance knows about itself: its pointer, the records of its generations, its snapshots with their contents, and the machine around it. */
import { namesIn, readRecord } from '../../disk/atomic.ts';
import { freeBytes } from '../../disk/space.ts';
import { currentGeneration, readGeneration } from '../../install/generations.ts';
import type { Instance, Layout } from '../../install/layout.ts';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import { parsePointer, parseSource } from '../../model/generation.ts';
import type { Snapshot } from '../../model/application/snapshot.ts';
import { isWhole, type Content } from '../../store/objects.ts';
import { listSnapshots } from '../../store/records.ts';
import type { Finding } from '../../model/application/health.ts';

/** Checks that the pointer names a generation whose record can be read, and that every other record can be, too. */
export async function verifyRecords(instance: Instance): Promise<{ readonly count: number; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  const pointer = await problemOf(async () => {
    if ((await readRecord(instance.pointer, parsePointer)) === null) throw new Failed('state/damaged', 'current.json is gone');
    await currentGeneration(instance);
  });
  if (pointer !== null) findings.push({ code: 'pointer/damaged', subject: { kind: 'pointer' }, evidence: pointer, mends: 'recover' });
  const numbers = (await namesIn(instance.generations)).flatMap((name) => /^([1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? []).map(Number);
  for (const n of numbers) {
    const evidence = await problemOf(() => readGeneration(instance, n));
    // Of the past only the history suffers; the one that runs is the pointer's trouble.
    if (evidence !== null) findings.push({ code: 'generation/damaged', subject: { kind: 'generation', n }, evidence, mends: null });
  }
  return { count: numbers.length + 1, findings };
}

/** Checks every snapshot's record, and every content that one names, each once. Reports step 'verify' in bytes. */
export async function verifySnapshots(
  layout: Layout,
  instance: Instance,
  job: Job,
): Promise<{ readonly count: number; readonly findings: readonly Finding[] }> {
  const all = await listSnapshots(instance.snapshots);
  const damaged = all.flatMap((listed): Finding[] =>
    listed.kind === 'whole'
      ? []
      : [{ code: 'snapshot/damaged', subject: { kind: 'snapshot', id: listed.id }, evidence: listed.failure.detail, mends: null }],
  );
  const objects = objectsOf(all.flatMap((listed) => (listed.kind === 'whole' ? [listed.snapshot] : [])));
  const totalBytes = [...objects.values()].reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const findings: Finding[] = [...damaged];
  for (const { size, sha256, snapshots } of objects.values()) {
    job.signal.throwIfAborted();
    if (!(await isWhole(layout.objects, { size, sha256 }, job))) {
      const evidence = 'it is not there, or not what its name says';
      findings.push({ code: 'object/damaged', subject: { kind: 'object', sha256, snapshots }, evidence, mends: null });
    }
    doneBytes += size;
    job.report({ step: 'verify', doneBytes, totalBytes });
  }
  return { count: all.length, findings };
}

/** Below this no update and no snapshot is likely to fit. */
const fewBytes = 200_000_000;
/** A signed time that lies further ahead than this means that the machine's clock is wrong. */
const aheadMs = 24 * 3600 * 1000;

/** Checks what is around: room, and the clock against the newest time that was signed (`publishedAt`, null when none is known). */
export async function verifyMachine(
  layout: Layout,
  times: { readonly publishedAt: string | null; readonly now: Date },
): Promise<readonly Finding[]> {
  const subject = { kind: 'machine' } as const;
  const free = await freeBytes(layout.root);
  const behindMs = times.publishedAt === null ? 0 : Date.parse(times.publishedAt) - times.now.getTime();
  const source = await problemOf(() => readRecord(layout.source, parseSource));
  return [
    ...(source === null ? [] : [{ code: 'source/damaged', subject, evidence: source, mends: null } as const]),
    ...(free >= fewBytes ? [] : [{ code: 'space/low', subject, evidence: `${free} bytes are free`, mends: null } as const]),
    ...(behindMs <= aheadMs
      ? []
      : [
          {
            code: 'clock/behind',
            subject,
            evidence: `the clock says ${times.now.toISOString()}, and something was published at ${times.publishedAt}`,
            mends: null,
          } as const,
        ]),
  ];
}

interface Named extends Content {
  readonly snapshots: readonly string[];
}

function objectsOf(snapshots: readonly Snapshot[]): ReadonlyMap<string, Named> {
  const named = new Map<string, Named>();
  for (const { id, files, program } of snapshots) {
    for (const { size, sha256 } of [...files, ...(program?.files ?? [])]) {
      named.set(sha256, { size, sha256, snapshots: [...(named.get(sha256)?.snapshots ?? []).filter((other) => other !== id), id] });
    }
  }
  return named;
}

async function problemOf(look: () => Promise<unknown>): Promise<string | null> {
  try {
    await look();
    return null;
  } catch (error) {
    // The question itself.
    if (error instanceof Failed) return error.failure.detail;
    throw error;
  }
}
