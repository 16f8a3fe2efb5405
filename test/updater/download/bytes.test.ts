import { describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import * as faults from '../../faults/server/faults.ts';
import { type Fault, startFaultServer } from '../../faults/server/server.ts';
import { outcomeOf, quickRemote, someBytes } from './fixture.ts';

const file = someBytes(300_000);
const cut = faults.only([0], faults.cutAfter(100_000));

/** Fetches through a fault: what came, the ranges that were asked for, and the body bytes that the server sent. */
async function fetchOver(fault: Fault): Promise<{ outcome: unknown; ranges: unknown; bytesSent: number }> {
  await using server = await startFaultServer({ files: { file }, fault });
  await using remote = quickRemote([server.url]);
  const outcome = await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 1_000_000 }, quietJob()));
  const ranges = server.requests.map(({ headers }) => [headers['range'] ?? 'all', headers['if-range'] ?? 'always'].join(' '));
  return { outcome: Buffer.isBuffer(outcome) && outcome.equals(file) ? 'exact' : outcome, ranges, bytesSent: server.bytesSent };
}

describe('R13 the rest of a whole file', () => {
  it('R13 after a cut only the rest is fetched, if it is of the same state of the file', async () => {
    expect(await fetchOver(cut)).toEqual({ outcome: 'exact', ranges: ['all always', 'bytes=100000- "first"'], bytesSent: file.length });
  });

  it('R13 without a strong ETag everything is fetched again: nothing else would tell a mixture', async () => {
    const fault: Fault = async (turn) => {
      const answer = await faults.withHeaders(() => ({ ETag: 'W/"first"' }))(turn);
      return answer === null ? null : cut({ ...turn, answer });
    };
    expect(await fetchOver(fault)).toEqual({ outcome: 'exact', ranges: ['all always', 'all always'], bytesSent: file.length + 100_000 });
  });

  it('R13 a rest from another place is not put behind what came', async () => {
    const fault: Fault = (turn) =>
      turn.n === 0 ? cut(turn) : faults.withHeaders(() => ({ 'Content-Range': `bytes 99999-299998/300000` }))(turn);
    expect(await fetchOver(fault)).toMatchObject({ outcome: 'fetch/corrupt' });
  });

  it('R13 a rest with another ETag is not put behind what came, even if the server says it fits', async () => {
    const fault: Fault = (turn) => (turn.n === 1 ? faults.withHeaders(() => ({ ETag: '"second"' }))(turn) : cut(turn));
    expect(await fetchOver(fault)).toMatchObject({ outcome: 'exact', ranges: ['all always', 'bytes=100000- "first"', 'all always'] });
  });
});
