/**
 * How long x86-64 instructions are, and where 32-bit operands lie in them (Intel 64 Software Developer's Manual, volume 2, appendix A).
 *
 * An instruction is read in steps. Each looks at one byte in one of six states, and at the next byte where that says more, and is one number:
 * its lowest four bits say how many bytes it takes, three more which state follows, the others which operands lie in those bytes. The tables
 * are part of the promise of DGMO_PATCH_V1: with others the same patch makes another file. What is wrong in them costs bytes, never more.
 */

/**
 * Operands of a step: a `displacement` two bytes on, or three (`indexed`), or there only if the SIB byte says so (`baseless`);
 * at the end a branch's `target`, or an `immediate` or `wide` one of eight bytes. A `rare` step stands in a table of its own.
 */
export const operands = {
  relative: 1 << 7,
  displacement: 2 << 7,
  indexed: 3 << 7,
  anyDisplacement: 3 << 7,
  baseless: 1 << 9,
  target: 1 << 10,
  immediate: 1 << 11,
  wide: 1 << 12,
  rare: 1 << 13,
} as const;

// The sign: to such a step what ModRM means is added, and to the others nothing, without asking which it is.
const hasModRm = -(2 ** 15);

const states = { plain: 0, half: 1, second: 2, third: 3, thirdImmediate: 4, wide: 5 } as const;

/*
 * The opcode maps, sixteen opcodes a line. What follows an opcode: nothing (.), ModRM (M), and an immediate of one byte (b; with ModRM 1), two (w),
 * three (e), eight (o), or of the operand size (z, Z where it is never an address, v; with ModRM C for C7, G for 81, 4 for others, f and g
 * for F6 and F7); a branch's target (J). Prefixes: of no effect here (p), 66 (H), REX without and with W (R, W), 0F (T), 0F 38 (A), 0F 3A (B), VEX of two
 * and three bytes (x, y), EVEX (E).
 */
const firstMap = `
  MMMMbz..MMMMbZ.T MMMMbZ..MMMMbZ.. MMMMbZp.MMMMbzp. MMMMbZp.MMMMbzp.
  RRRRRRRRWWWWWWWW ................ ..EMppHpz4b1.... bbbbbbbbbbbbbbbb
  1G11MMMMMMMMMMMM ................ oooo....bZ...... bbbbbbbbvvvvvvvv
  11w.yx1Ce.w..b.. MMMM....MMMMMMMM bbbbbbbbJJ.b.... p.pp..fg......MM`;
const secondMap = `
  MMMM.........M.1 MMMMMMMMMMMMMMMM MMMMMMMMMMMMMMMM ........AMBMMMMM
  MMMMMMMMMMMMMMMM MMMMMMMMMMMMMMMM MMMMMMMMMMMMMMMM 1111MMM.MMMMMMMM
  JJJJJJJJJJJJJJJJ MMMMMMMMMMMMMMMM ...M1MMM...M1MMM MMMMMMMMMM1MMMMM
  MM1M111M........ MMMMMMMMMMMMMMMM MMMMMMMMMMMMMMMM MMMMMMMMMMMMMMMM`;

/** What ModRM adds to a step: SIB and displacement. */
export const modRms = Int16Array.from({ length: 256 }, (_, byte) => modRmOf(byte));

/**
 * The steps at `state << 8 | byte`, small enough for a processor's nearest memory, which is half of the speed; and the rare ones at
 * `row << 8 | next byte`: of such a step the lowest eight bits are the row.
 */
export const { steps, rareSteps } = tablesOfSteps();

function tablesOfSteps(): { readonly steps: Int16Array; readonly rareSteps: Int16Array } {
  const [table, rare] = [new Int16Array(6 * 256), new Array<number>()];
  const put = (state: number, map: string): void => {
    const codes = codesOf(state);
    for (const [opcode, code] of map.replaceAll(/\s/g, '').split('').entries()) {
      const step = codes[code] ?? 1;
      table[(state << 8) | opcode] = typeof step === 'number' ? step : operands.rare | (rare.length >> 8);
      if (typeof step !== 'number') rare.push(...Array.from({ length: 256 }, (_, next) => step(next)));
    }
  };
  for (const state of [states.plain, states.half, states.wide]) put(state, firstMap);
  put(states.second, secondMap);
  put(states.third, 'M'.repeat(256));
  put(states.thirdImmediate, '1'.repeat(256));
  return { steps: table, rareSteps: Int16Array.from(rare) };
}

/** The step of each code in a state; a function of the next byte where ModRM alone does not say everything. */
function codesOf(state: number): Readonly<Record<string, number | ((next: number) => number)>> {
  const word = state === states.half ? 2 : 4;
  const address = word === 4 ? word | operands.immediate : word;
  return {
    '.': 1,
    b: 2,
    w: 3,
    e: 4,
    o: 9,
    z: 1 + address,
    Z: 1 + word,
    v: state === states.wide ? 9 | operands.wide : 1 + address,
    J: 5 | operands.target,
    M: hasModRm | 2,
    1: hasModRm | 3,
    4: hasModRm | (2 + word),
    C: hasModRm | (2 + address),
    // Of the eight operations of 81, an address may be added, subtracted and compared; only the first two of F6 and F7 have an immediate.
    G: (next) => modRmOf(next) + 2 + ([0, 5, 7].includes((next >> 3) & 7) ? address : word),
    f: (next) => modRmOf(next) + 2 + ((next & 0x30) === 0 ? 1 : 0),
    g: (next) => modRmOf(next) + 2 + ((next & 0x30) === 0 ? word : 0),
    p: enter(1, state),
    H: enter(1, states.half),
    R: enter(1, state),
    W: enter(1, states.wide),
    T: enter(1, states.second),
    A: enter(1, states.third),
    B: enter(1, states.thirdImmediate),
    x: enter(2, states.second),
    y: (next) => enter(3, mapState(next & 31)),
    E: (next) => enter(4, mapState(next & 7)),
  };
}

function enter(length: number, state: number): number {
  return length | (state << 4);
}

/** VEX and EVEX name the map of their opcode by number. */
function mapState(map: number): number {
  if (map === 1) return states.second;
  return map === 3 ? states.thirdImmediate : states.third;
}

function modRmOf(byte: number): number {
  const [mode, register] = [byte >> 6, byte & 7];
  const isIndexed = register === 4;
  if (mode === 3) return 0;
  if (mode === 0 && isIndexed) return 1 | operands.baseless;
  if (mode === 0) return register === 5 ? 4 | operands.relative : 0;
  const sib = isIndexed ? 1 : 0;
  if (mode === 1) return sib + 1;
  return (sib + 4) | (isIndexed ? operands.indexed : operands.displacement);
}
