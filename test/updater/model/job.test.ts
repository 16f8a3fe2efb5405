import { expect, test } from 'vitest';
import { throttled, type Progress, type Step } from '../../../src/updater/model/job.ts';

test('progress is told at most every so many milliseconds, and always when a step begins or is complete', () => {
  const heard: Progress[] = [];
  let clock = 0;
  const signal = new AbortController().signal;
  const job = throttled({ signal, report: (progress) => heard.push(progress) }, 100, () => clock);
  const tell = (at: number, step: Step, doneBytes: number): void => {
    clock = at;
    job.report({ step, doneBytes, totalBytes: 10 });
  };
  tell(0, 'download', 0);
  tell(50, 'download', 1);
  tell(99, 'download', 2);
  tell(100, 'download', 3);
  tell(150, 'download', 10);
  tell(151, 'build', 0);
  tell(200, 'build', 4);
  tell(251, 'build', 5);
  expect(heard.map(({ step, doneBytes }) => `${step} ${doneBytes}`)).toEqual([
    'download 0',
    'download 3',
    'download 10',
    'build 0',
    'build 5',
  ]);
  expect(job.signal).toBe(signal);
});
