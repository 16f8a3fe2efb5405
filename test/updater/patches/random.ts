import { createCipheriv } from 'node:crypto';

/** Chance that can be repeated: mulberry32, the same numbers for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `below` − 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** Bytes that nothing compresses: a key stream. */
  bytes(length: number): Buffer {
    const key = Buffer.alloc(16, this.below(2 ** 31).toString(36));
    return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
  }

  text(lines: number): Buffer {
    const words = ['moult', 'patch', 'tree', 'frame', 'old', 'new', 'const', 'return', 'whole', '\n', '{', '}'];
    return Buffer.from(Array.from({ length: lines * 8 }, () => this.pick(words)).join(' '));
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

/** A copy with some words shifted, a range moved, removed or put in: what a new build does to a binary. */
export function edited(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let i = 0; i + 4 <= result.length; i += 16 + random.below(64))
    if (random.below(3) === 0) result.writeUInt32LE((result.readUInt32LE(i) + 4096) >>> 0, i);
  const [at, length] = [random.below(result.length + 1), random.below(200)];
  const range = result.subarray(at, at + length);
  const without = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
  const to = random.below(without.length + 1);
  result = Buffer.concat([without.subarray(0, to), random.below(2) === 0 ? range : random.bytes(length), without.subarray(to)]);
  return result;
}
