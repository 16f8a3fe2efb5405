/**
 * Who may come in over loopback. A ticket (256 bits of chance) is good for one key, once, for two minutes; a key is good as long
 * as the shell runs. Both are kept as hashes and looked up as such, so that no comparison tells how much of a guess was right.
 */
import { randomBytes } from 'node:crypto';
import { sha256Hex } from '../../../updater/disk/hash.ts';

/** A window that was let in by a ticket, or a command that read its key from a file of this user's; `id` tells them apart. */
export interface Holder {
  readonly kind: 'window' | 'command';
  readonly id: string;
}

/** Tickets and keys of one shell. */
export interface Keys {
  /** A ticket for a window. */
  ticket(): string;
  /** A key for a command. */
  commandKey(): string;
  /** Trades a ticket for a window's key; null for anything that is no ticket any more. */
  redeem(ticket: string): string | null;
  /** Who holds a key; null for nobody. */
  holderOf(key: string): Holder | null;
}

const ticketMs = 120_000;

/** Opens an empty ring of keys. `now` is monotonic, in milliseconds. */
export function openKeys(now: () => number): Keys {
  const tickets = new Map<string, number>();
  const holders = new Map<string, Holder>();
  const admit = (kind: Holder['kind']): string => {
    const key = secret();
    holders.set(sha256Hex(key), { kind, id: randomBytes(8).toString('hex') });
    return key;
  };
  return {
    ticket: () => {
      const ticket = secret();
      for (const [old, until] of tickets) if (until < now()) tickets.delete(old);
      tickets.set(sha256Hex(ticket), now() + ticketMs);
      return ticket;
    },
    commandKey: () => admit('command'),
    redeem: (ticket) => {
      const name = sha256Hex(ticket);
      const until = tickets.get(name);
      tickets.delete(name);
      return until !== undefined && now() <= until ? admit('window') : null;
    },
    holderOf: (key) => holders.get(sha256Hex(key)) ?? null,
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
