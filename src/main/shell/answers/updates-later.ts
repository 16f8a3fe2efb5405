/** The commands of the update service, as long as it is not wired in: each says so. */
import { Failed } from '../../../updater/model/failure.ts';
import type { Handlers } from '../../contract/serve.ts';

const later = async (): Promise<never> => {
  throw new Failed('switch/denied', 'updates are not offered in this window yet: use the command line');
};

export const updatesLater = {
  'updates/check': later,
  'updates/decide': later,
  'updates/break': later,
  'updates/pause': later,
  'updates/resume': later,
  'updates/cancel': later,
  'updates/restart': later,
  'updates/retry': later,
  'banner/dismiss': later,
  'notices/close': later,
  'prefs/set': later,
  'prefs/reset': later,
  'telemetry/preview': later,
} satisfies Partial<Handlers>;
