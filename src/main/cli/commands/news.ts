/** What happens in the course of a start, in words. */
import type { LastFailure } from '../../../updater/install/checks/hold.ts';
import type { Failure } from '../../../updater/model/failure.ts';
import type { News } from '../../supervisor/session.ts';

/** One line for what a person should know at once; nothing for what goes as it should. */
export function newsText({ kind, generation, failure }: News): string {
  const version = generation?.version ?? '';
  switch (kind) {
    case 'started':
    case 'ready':
      return '';
    case 'recovered':
      return `The record of what runs here was damaged and was written anew${because(failure)}.\n`;
    case 'switched':
      return `Starting ${version} for the first time: it has to prove itself.\n`;
    case 'not-switched':
      return `${version} was not switched to${because(failure)}.\n`;
    case 'good':
      return `${version} has proven itself.\n`;
    case 'slow':
      return `${version} is slow: trying once more with more time.\n`;
    case 'taken-back':
      return `${version} was taken back${because(failure)}; the version before it is used again, with its data.\n`;
  }
}

/** What became of the last trial, and where the data is that was written in it. */
export function lastFailureText({ version, failure, data }: LastFailure): string {
  const kept = data === null ? '' : ` What was written in it is kept in ${data}.`;
  return `${version} did not start properly the last time and was taken back${because(failure)}.${kept}\n`;
}

function because(failure: Failure | null): string {
  return failure === null ? '' : ` (${failure.detail})`;
}
