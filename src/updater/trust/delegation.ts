/** Which role speaks for a target (TUF 4.5, 5.6.7). */
import { sha256Hex } from '../disk/hash.ts';
import { trustLimits, type Delegation, type Target, type Targets } from './metadata.ts';
import type { Delegator } from './signature.ts';

/** Loads a delegated role as its delegator's keys demand; throws when it cannot be had or is not right. */
export type LoadRole = (by: Delegator) => Promise<Targets>;

/** Searches the roles depth first, in order of appearance, for the first that lists `name`; null when none does. Throws what `load` throws. */
export async function findTarget(name: string, top: Targets, load: LoadRole): Promise<Target | null> {
  const visited = new Set<string>();
  let asked = ask(name, top);
  let waiting = asked.roles;
  while (asked.found === null) {
    const [next, ...rest] = waiting;
    // 5.6.7.1: no role twice, so that circles end, and no more roles than the limit.
    if (next === undefined || visited.size >= trustLimits.roles) return null;
    waiting = rest;
    if (visited.has(next.name)) continue;
    visited.add(next.name);
    asked = ask(name, await load(next));
    waiting = asked.isFinal ? asked.roles : [...asked.roles, ...rest];
  }
  return asked.found;
}

/** What one role says about a target: where it is, or whom to ask next; `isFinal` when nobody else may be asked. */
interface Answer {
  readonly found: Target | null;
  readonly roles: readonly Delegator[];
  readonly isFinal: boolean;
}

function ask(name: string, { targets, delegations }: Targets): Answer {
  const found = targets.get(name) ?? null;
  if (found !== null || delegations === undefined) return { found, roles: [], isFinal: false };
  const matching = delegations.roles.filter((role) => speaksFor(role, name));
  // 5.6.7.2.1: a terminating delegation is the last one that is asked.
  const last = matching.findIndex(({ terminating }) => terminating);
  const roles = last === -1 ? matching : matching.slice(0, last + 1);
  return { found, roles: roles.map((role) => ({ name: role.name, keys: delegations.keys, role })), isFinal: last !== -1 };
}

function speaksFor({ paths, path_hash_prefixes: prefixes }: Delegation, name: string): boolean {
  if (prefixes !== undefined) return prefixes.some((prefix) => sha256Hex(name).startsWith(prefix));
  return paths?.some((pattern) => matchesPattern(name, pattern)) === true;
}

/** Shell patterns with `*` and `?`, neither of which matches a slash; everything else, brackets too, stands for itself. */
export function matchesPattern(name: string, pattern: string): boolean {
  const names = name.split('/');
  const patterns = pattern.split('/');
  return names.length === patterns.length && patterns.every((part, i) => matchesPart(names[i] ?? '', part));
}

/** Goes back to the last star only, so the time is bounded by the product of both lengths. */
function matchesPart(name: string, pattern: string): boolean {
  let [i, j, star, resume] = [0, 0, -1, 0];
  while (i < name.length) {
    if (pattern[j] === '*') {
      star = j;
      resume = i;
      j += 1;
    } else if (pattern[j] === '?' || pattern[j] === name[i]) {
      i += 1;
      j += 1;
    } else if (star === -1) return false;
    else {
      resume += 1;
      i = resume;
      j = star + 1;
    }
  }
  return /^\**$/.test(pattern.slice(j));
}
