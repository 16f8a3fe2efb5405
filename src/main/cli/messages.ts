/** What a person is told about a failure: what happened and what to do. Codes are stable, sentences are not. */
import type { Failure, FailureCode } from '../../updater/model/failure.ts';

interface Message {
  readonly happened: string;
  readonly works: string;
  readonly todo: string;
}

const unchanged = 'The installed version was not changed and can be used.';
const again = 'Try again later; nothing has to be cleaned up.';
const publisher = 'Try again later. If it stays like this, tell the publisher of the software; do not install it by other means.';

const messages: Readonly<Record<FailureCode, Message>> = {
  'check/offline': { happened: 'The update server could not be reached.', works: unchanged, todo: 'Check the network, then try again.' },
  'check/untrusted': { happened: 'The update information is not signed as it must be.', works: unchanged, todo: publisher },
  'check/stale': {
    happened: 'The update information is out of date.',
    works: `${unchanged} Rollback and repair work too.`,
    todo: "Check this machine's date. If it is right, the server is behind: try again later.",
  },
  'check/invalid': { happened: 'The update information is signed but cannot be read.', works: unchanged, todo: publisher },
  'check/needs-updater': {
    happened: 'The release needs a newer updater than this one.',
    works: unchanged,
    todo: 'Install the versions in between first, or download the installer.',
  },
  'check/no-such-version': {
    happened: 'No such version is offered for this machine.',
    works: unchanged,
    todo: 'See "moult check" for what is offered and why other versions are not.',
  },
  'fetch/offline': { happened: 'The download was cut off.', works: unchanged, todo: 'Try again: it goes on where it stopped.' },
  'fetch/refused': { happened: 'The server did not hand out a file of the release.', works: unchanged, todo: again },
  'fetch/slow': { happened: 'The server sent too slowly.', works: unchanged, todo: 'Try again: it goes on where it stopped.' },
  'fetch/tls': {
    happened: 'The connection to the server is not secure.',
    works: unchanged,
    todo: 'Check date and proxy of this machine, and whether its network replaces certificates.',
  },
  'fetch/too-large': { happened: 'The server sent more than was signed.', works: unchanged, todo: publisher },
  'fetch/corrupt': { happened: 'What arrived is not what was signed.', works: unchanged, todo: again },
  'build/invalid': { happened: 'The downloaded package is not well-formed.', works: unchanged, todo: publisher },
  'build/hash': { happened: 'The new files did not pass their check.', works: unchanged, todo: again },
  'build/base': {
    happened: 'Files of the installed version are not as they were signed.',
    works: 'Nothing was changed.',
    todo: 'Run "moult update" again: the damaged files are fetched anew.',
  },
  'build/engine': { happened: 'The process that builds the new version died.', works: unchanged, todo: again },
  'switch/denied': { happened: 'This version cannot be switched to.', works: unchanged, todo: 'See "moult versions" for those that can.' },
  'switch/data': {
    happened: 'The data is newer than that version can read.',
    works: unchanged,
    todo: 'Say what to do with it: --data keep or --data restore.',
  },
  'switch/breaking': {
    happened: 'This release breaks with something of the present one.',
    works: unchanged,
    todo: 'Read what breaks with "moult update --explain", then decide with --yes.',
  },
  'start/failed': {
    happened: 'The new version did not start properly and was taken back.',
    works: 'The version before it runs again with its data.',
    todo: 'Nothing: this version is held until a newer one is there.',
  },
  'start/slow': {
    happened: 'The new version did not become ready in time and was taken back.',
    works: 'The version before it runs again with its data.',
    todo: 'Nothing: it is tried again in a day.',
  },
  'start/unstable': {
    happened: 'The program does not stay up.',
    works: 'Its data was not touched.',
    todo: 'Go back with "moult rollback", or start it without evolutions with "moult start --safe".',
  },
  'start/no-entry': {
    happened: 'This version is content only: there is no program to start.',
    works: 'It is installed and can be used by whatever reads it.',
    todo: 'Nothing; "moult status" shows where things are.',
  },
  'start/nothing': {
    happened: 'Nothing is installed here.',
    works: 'Nothing was changed.',
    todo: 'Install a version first: "moult install".',
  },
  'disk/space': { happened: 'The disk is full.', works: unchanged, todo: 'Free some space, then try again.' },
  'disk/denied': {
    happened: 'This account may not write there.',
    works: 'The installed version can be used.',
    todo: 'Run it as the owner of the folder, or choose another one with --root.',
  },
  'disk/busy': {
    happened: 'Another process works on the same installation.',
    works: 'It was left alone.',
    todo: 'Wait until the other one is done, then try again.',
  },
  'disk/io': { happened: 'The disk reported an error.', works: unchanged, todo: 'Check the disk; then try again.' },
  'disk/unsafe': {
    happened: 'Something is in the way that must not be there: a link, a device or a foreign file.',
    works: 'It was not touched.',
    todo: 'Look at the path in the detail and move it away.',
  },
  'state/damaged': {
    happened: 'A record of the installation cannot be read.',
    works: 'The files of the versions were not touched.',
    todo: 'See the detail for which one; "moult versions" shows what is still known.',
  },
  'state/newer': {
    happened: 'A newer program wrote this installation.',
    works: 'Nothing was changed.',
    todo: 'Use that newer program.',
  },
  'usage/wrong': { happened: 'The command cannot be carried out like this.', works: 'Nothing was changed.', todo: 'See --help.' },
  'job/cancelled': { happened: 'Stopped on request.', works: unchanged, todo: 'The same command goes on where this one stopped.' },
  'bug/unexpected': {
    happened: 'Something happened that should not be possible.',
    works: unchanged,
    todo: 'Please report it with the detail below.',
  },
};

/** The lines that a terminal shows for a failure: what happened, what still works, what to do now, the code with its detail. */
export function failureText(failure: Failure): string {
  const { happened, works, todo } = messages[failure.code];
  return `${happened}\n${works}\n${todo}\n(${failure.code}: ${failure.detail})\n`;
}
