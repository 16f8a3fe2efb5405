/** Pieces of work on the product with notes: trial, way back, snapshots, launcher, recovery, cleanup. */
import type { RequestOf } from '../../../../src/updater/engine/process/requests.ts';
import type { Scenario, Step } from '../scenario.ts';
import { wrongAnyTime, wrongAtEnd, type Promises } from './checks.ts';
import { openDataGround, type State } from './ground.ts';

/** The notes as they were once, as they are, and as version 2 has them. */
const [then, present, migrated] = ['1: one two', '1: one two three', '2: one/ONE two/TWO three/THREE'] as const;

interface Work extends Promises, Pick<Scenario, 'name' | 'words' | 'done'> {
  readonly state: State;
  steps(root: string): readonly Step[];
}

/** Makes the installations below `folder` and returns the scenarios on them. */
export async function openDataScenarios(folder: string): Promise<readonly Scenario[]> {
  const place = await openDataGround(folder);
  return works.map(({ state, name, words, done, steps, ...promises }) => ({
    name,
    words,
    done,
    steps,
    hasProgram: steps('').some(({ kind }) => kind === 'start'),
    ground: place(state),
    wrongAnyTime: (root) => wrongAnyTime(promises, root),
    wrongAtEnd: (root, isCertain) => wrongAtEnd(promises, root, isCertain),
  }));
}

const start = (root: string): readonly Step[] => [
  { kind: 'start', root },
  { kind: 'clean', root },
];
const snapshot = (root: string, wish: RequestOf<'snapshot'>['wish']): Step => ({ kind: 'snapshot', root, instance: 'default', wish });

const still = { keeps: [present], ends: { '1.0.0': present }, leaves: [], state: 'one', words: null, done: null, also: 'nothing' } as const;
const still2 = { ...still, state: 'two', keeps: [present, migrated], ends: { '2.0.0': migrated } } as const;

const works: readonly Work[] = [
  {
    ...still,
    name: 'trial of a version that migrates the data, then cleanup',
    state: 'waiting',
    steps: start,
    words: ['start'],
    ends: { '2.0.0': migrated, '1.0.0': present },
  },
  {
    ...still,
    name: 'trial of a bad version, which is taken back',
    state: 'bad',
    steps: start,
    words: ['start'],
    leaves: [migrated],
  },
  {
    ...still2,
    name: 'rollback to a version that cannot read the data, and to its data',
    steps: (root) => [{ kind: 'rollback', root, instance: 'default', to: '1.0.0', data: 'restore' }, ...start(root)],
    words: ['rollback', '1.0.0', '--data', 'restore'],
    ends: { '1.0.0': present, '2.0.0': migrated },
  },
  {
    ...still,
    name: 'snapshot: create',
    steps: (root) => [snapshot(root, { kind: 'create', note: 'second', program: true, rehash: false, keep: 5 })],
    words: ['snapshot', 'create', '--note', 'second', '--program'],
    also: 'a second snapshot',
  },
  {
    ...still,
    name: 'snapshot: restore',
    state: 'kept',
    steps: (root) => [snapshot(root, { kind: 'restore', id: '1' }), ...start(root)],
    words: ['snapshot', 'restore', '1'],
    keeps: [then, present],
    ends: { '1.0.0': then },
  },
  {
    ...still,
    name: 'snapshot: delete',
    state: 'kept',
    steps: (root) => [snapshot(root, { kind: 'delete', id: '1' })],
    words: ['snapshot', 'delete', '1'],
    done: 'usage/wrong',
    also: 'no snapshot',
  },
  {
    ...still,
    name: 'launcher: placed',
    steps: (root) => [
      { kind: 'place', root },
      { kind: 'clean', root },
    ],
    also: 'a launcher',
  },
  {
    ...still,
    name: 'launcher: replaced',
    state: 'old launcher',
    steps: (root) => [
      { kind: 'place', root },
      { kind: 'clean', root },
    ],
    also: 'a launcher',
  },
  {
    ...still2,
    name: 'start with an empty pointer',
    state: 'no pointer',
    steps: start,
    words: ['start'],
  },
  {
    ...still2,
    name: 'start with a damaged record',
    state: 'no record',
    steps: start,
    words: ['start'],
  },
  {
    ...still2,
    name: 'cleanup of versions and epochs',
    state: 'three',
    steps: (root) => [{ kind: 'clean', root }],
    also: 'two versions',
  },
];
