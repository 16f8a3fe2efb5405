/** Records on disk: whatever was left there by a crash, a bad disk or another program. */
import assert from 'node:assert';
import { canonicalJson, parseJson } from '../../../src/updater/disk/json.ts';
import { parseGeneration, parsePointer, parseSource, parseVersionRecord } from '../../../src/updater/model/generation.ts';
import { digestOf } from '../../ground/manifests.ts';
import { otherBytes, otherValue } from './change.ts';
import { refusedWith } from './signed.ts';
import type { Subject } from './subject.ts';

const time = '2026-01-02T03:04:05Z';
const failure = { code: 'start/failed', detail: 'it did', retry: 'never' };
const generation = {
  n: 12,
  version: '1.4.0',
  treeDigest: digestOf('tree'),
  evolutions: { 'acme.clock': '1.0.0-0a1b2c3d' },
  epoch: 3,
  dataVersion: 1,
  state: 'trying',
  triesLeft: 2,
  previous: 11,
  why: 'update',
  data: 'clone',
  createdAt: time,
  startedAt: time,
  confirmedAt: null,
  failure,
};
const source = {
  product: 'moult',
  channel: 'stable',
  platform: 'linux',
  arch: 'x64',
  urls: ['https://updates.example.test/'],
  trustedRoot: '{}',
  machineId: '0'.repeat(32),
  caFile: null,
  pins: [digestOf('key')],
};
const version = { version: '1.4.0', treeDigest: digestOf('tree'), manifestSha256: digestOf('m'), floor: { root: 1 }, createdAt: time };

/** Every record of `formats.md` that an update reads: refused as damaged, or read to something that reads the same again. */
export const records: readonly Subject[] = [
  record('the pointer', { generation: 12 }, parsePointer),
  record('generation records', generation, parseGeneration),
  record('version records', version, parseVersionRecord),
  record('source.json', source, parseSource),
];

function record(name: string, right: object, parse: (value: unknown) => unknown): Subject {
  const bytes = Buffer.from(`${canonicalJson(right)}\n`);
  return {
    name,
    share: 5,
    make: (random) => (random.below(2) === 0 ? otherBytes(bytes, random) : Buffer.from(JSON.stringify(otherValue(right, random)))),
    judge: (input) =>
      refusedWith(['state/damaged'], () => {
        const read = parse(parseJson(input, { maxBytes: 1024 ** 2 }));
        assert.deepStrictEqual(parse(JSON.parse(canonicalJson(read))), read);
      }),
  };
}
