/** What a release engineer is told about a failure. Codes are stable, sentences are not. */
import type { Failure, FailureCode } from '../../../src/updater/model/failure.ts';

interface Message {
  readonly happened: string;
  readonly todo: string;
}

const published = 'What was published before stays as it was, and installed copies are not affected.';

const byCode: Readonly<Partial<Record<FailureCode, Message>>> = {
  'usage/wrong': {
    happened: 'The command cannot be carried out like this.',
    todo: 'Change what the last line names; --help shows the options.',
  },
  'check/untrusted': {
    happened: 'Clients would not believe this repository.',
    todo: 'Publish from the last good copy of the repository, with the keys that its root names.',
  },
  'check/stale': {
    happened: 'A signature of the repository has expired.',
    todo: 'Sign it again: "moult-release timestamp", and "doctor" for the others.',
  },
  'check/offline': {
    happened: 'A file of the repository is not there.',
    todo: 'Upload everything except timestamp.json first, and timestamp.json last.',
  },
  'disk/space': { happened: 'The disk is full.', todo: 'Free some space; the cache folder may be deleted. Then run the command again.' },
  'disk/denied': { happened: 'This account may not read or write there.', todo: 'Run it as the owner of the folders, or choose others.' },
  'disk/busy': { happened: 'Another moult-release works on this repository.', todo: 'Wait until it is done, then run the command again.' },
  'disk/unsafe': { happened: 'The tree has something in it that clients refuse.', todo: 'Take it out of the tree, then build again.' },
  'state/damaged': {
    happened: 'A file of the repository is missing or altered.',
    todo: 'Restore the repository from a copy; "doctor" lists what is wrong.',
  },
  'job/cancelled': { happened: 'Stopped on request.', todo: 'Run the same command again; nothing has to be cleaned up.' },
  'bug/unexpected': { happened: 'Something happened that should not be possible.', todo: 'Please report it with the last line.' },
};

const byStep: Readonly<Record<string, Message>> = {
  check: { happened: 'Clients could not read what is signed.', todo: 'See the last line; build and publish that release again.' },
  fetch: {
    happened: 'A file could not be fetched as clients would.',
    todo: 'Check the server with "verify"; upload the file that the last line names again.',
  },
  build: { happened: 'A package is not what it should be.', todo: 'Build the release again; the cache folder may be deleted first.' },
  disk: { happened: 'The disk reported an error.', todo: 'Check the disk, then run the command again.' },
};

/** The lines that a terminal shows for a failure: what happened, what still works, what to do now, the code with its detail. */
export function failureText({ code, detail }: Failure): string {
  const { happened, todo } = byCode[code] ??
    byStep[code.split('/')[0] ?? ''] ?? { happened: 'The command failed.', todo: 'See the last line.' };
  return `${happened}\n${published}\n${todo}\n(${code}: ${detail})\n`;
}
