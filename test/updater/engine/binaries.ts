/**
 * Bytes that change between two builds the way a program does: an insertion early on shifts everything behind it, so that the
 * addresses in later places change a little. `inserted` is how many bytes the later build has gained.
 */
export function programLike(size: number, inserted: number): Buffer {
  const program = Buffer.alloc(size);
  let state = 12_345;
  for (let at = 0; at + 8 <= size; at += 8) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    program.writeUInt32LE(state, at);
    program.writeUInt32LE((0x40_0000 + (state % size) + (at % 64 === 0 ? inserted : 0)) >>> 0, at + 4);
  }
  return program;
}
