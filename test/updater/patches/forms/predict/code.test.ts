import { describe, expect, test } from 'vitest';
import { newChunk } from '../../../../../src/updater/patches/forms/predict/chunk.ts';
import { findOperands, predictCode } from '../../../../../src/updater/patches/forms/predict/code.ts';
import { Shifts } from '../../../../../src/updater/patches/forms/predict/shifts.ts';

/** Instructions as a disassembler shows them, and their operands: [where, how far the instruction goes on from there, kind]. */
type Operand = readonly [at: number, toEnd: number, kind: 'distance' | 'address' | 'wide'];

const instructions: readonly (readonly [string, string, readonly Operand[]])[] = [
  ['nop', '90', []],
  ['endbr64', 'f3 0f 1e fa', []],
  ['push %r12', '41 54', []],
  ['mov %rsp,%rbp', '48 89 e5', []],
  ['call', 'e8 db ea ff ff', [[1, 4, 'distance']]],
  ['jmp', 'e9 00 01 00 00', [[1, 4, 'distance']]],
  ['je', '0f 84 46 23 00 00', [[2, 4, 'distance']]],
  ['jne short', '75 10', []],
  ['call *%rax', 'ff d0', []],
  ['call *0x2a(%rip)', 'ff 15 2a 00 00 00', [[2, 4, 'distance']]],
  ['lea 0x10(%rip),%rdi', '48 8d 3d 10 00 00 00', [[3, 4, 'distance']]],
  [
    'movl $1,0x10(%rip)',
    'c7 05 10 00 00 00 01 00 00 00',
    [
      [2, 8, 'distance'],
      [6, 0, 'address'],
    ],
  ],
  ['movw $1,0x10(%rip)', '66 c7 05 10 00 00 00 01 00', [[3, 6, 'distance']]],
  ['cmpb $7,0x10(%rip)', '80 3d 10 00 00 00 07', [[2, 5, 'distance']]],
  ['testl $1,0x10(%rip)', 'f7 05 10 00 00 00 01 00 00 00', [[2, 8, 'distance']]],
  ['notl 0x10(%rip)', 'f7 15 10 00 00 00', [[2, 4, 'distance']]],
  ['movss 0x10(%rip),%xmm0', 'f3 0f 10 05 10 00 00 00', [[4, 4, 'distance']]],
  ['pshufb 0x10(%rip),%xmm0', '66 0f 38 00 05 10 00 00 00', [[5, 4, 'distance']]],
  ['palignr $8,0x10(%rip),%xmm0', '66 0f 3a 0f 05 10 00 00 00 08', [[5, 5, 'distance']]],
  ['vmovdqa 0x10(%rip),%ymm0', 'c5 fd 6f 05 10 00 00 00', [[4, 4, 'distance']]],
  ['vpshufb 0x10(%rip),%ymm0,%ymm1', 'c4 e2 7d 00 0d 10 00 00 00', [[5, 4, 'distance']]],
  ['vmovdqu8 0x10(%rip),%zmm0', '62 f1 7f 48 6f 05 10 00 00 00', [[6, 4, 'distance']]],
  ['vzeroupper', 'c5 f8 77', []],
  ['mov $0x400000,%edi', 'bf 00 00 40 00', [[1, 0, 'address']]],
  ['movabs $0x400000,%rax', '48 b8 00 00 40 00 00 00 00 00', [[2, 0, 'wide']]],
  ['mov $0x400000,%rdi', '48 c7 c7 00 00 40 00', [[3, 0, 'address']]],
  ['movq $0x400000,8(%rbp)', '48 c7 45 08 00 00 40 00', [[4, 0, 'address']]],
  ['push $0x400000', '68 00 00 40 00', [[1, 0, 'address']]],
  ['cmp $0x400000,%rbx', '48 81 fb 00 00 40 00', [[3, 0, 'address']]],
  ['and $0xffffff,%esi', '81 e6 ff ff ff 00', []],
  ['jmp *0x400000(,%rax,8)', 'ff 24 c5 00 00 40 00', [[3, 0, 'address']]],
  ['mov 0x400000(%rax),%ecx', '8b 88 00 00 40 00', [[2, 0, 'address']]],
  ['mov 0x400000(%rax,%rdx,4),%ecx', '8b 8c 90 00 00 40 00', [[3, 0, 'address']]],
  ['mov 8(%rsp),%rax', '48 8b 44 24 08', []],
  ['mov (%rsp),%rax', '48 8b 04 24', []],
  ['imul $100000,%eax,%ecx', '69 c8 a0 86 01 00', []],
  ['enter', 'c8 10 00 00', []],
  ['ret', 'c2 08 00', []],
];

/** The operands of some code: where they begin, how far their instruction goes on from there, and their kind. */
function operandsOf(code: Buffer): { found: readonly unknown[]; end: number } {
  const chunk = newChunk();
  chunk.bytes.fill(0, code.copy(chunk.bytes));
  const { count, end } = findOperands(chunk.bytes, code.length, chunk.operands);
  const kind = (operand: number): string => ['distance', 'address', 'wide'][operand & 3] ?? 'none';
  return { found: [...chunk.operands.subarray(0, count)].map((operand) => [operand >>> 6, (operand >>> 2) & 15, kind(operand)]), end };
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

describe('findOperands', () => {
  test.each(instructions)('reads %s', (_, hex, operands) => {
    const code = bytesOf(hex);
    expect(operandsOf(code)).toEqual({ found: operands, end: code.length });
  });

  test('reads all of them one after the other', () => {
    const code = bytesOf(instructions.map((instruction) => instruction[1]).join(''));
    const count = instructions.reduce((sum, [, , operands]) => sum + operands.length, 0);
    const { found, end } = operandsOf(code);
    expect([found.length, end]).toEqual([count, code.length]);
  });

  test('reads any bytes, of which an instruction may go on behind the end', () => {
    const prefixes = Buffer.alloc(5000, 0x66);
    expect(operandsOf(prefixes)).toEqual({ found: [], end: 5002 });
    expect(operandsOf(bytesOf('e8')).found).toEqual([[1, 4, 'distance']]);
  });
});

describe('predictCode', () => {
  const shifts = new Shifts([0x100, 0x200], [0x10, 0x40]);
  const map = { origin: 0x40_0000, extent: 0x1000, shifts };

  function predicted(hex: string, place: number, isFixed = true): string {
    const chunk = newChunk();
    const code = bytesOf(hex);
    chunk.bytes.fill(0, code.copy(chunk.bytes));
    Object.assign(chunk, { length: code.length, place });
    predictCode(chunk, map, isFixed);
    return chunk.bytes.toString('hex', 0, code.length).replaceAll(/(..)(?=.)/g, '$1 ');
  }

  test.each([
    ['a call into a part that moves further', 'e8 fb 00 00 00', 0x100, 'e8 2b 01 00 00'],
    ['a call back into a part that stays', 'e8 fb fe ff ff', 0x100, 'e8 eb fe ff ff'],
    ['a call within a part, not at all', 'e8 0b 00 00 00', 0x100, 'e8 0b 00 00 00'],
    ['a call out of the map, not at all', 'e8 00 00 00 10', 0x100, 'e8 00 00 00 10'],
    ['a call from the second of two parts', '90 90 90 90 e8 f8 fe ff ff', 0x1fc, '90 90 90 90 e8 b8 fe ff ff'],
    ['the target behind an immediate', '80 3d f9 00 00 00 07', 0x100, '80 3d 29 01 00 00 07'],
    ['an absolute address', 'bf 50 01 40 00', 0, 'bf 60 01 40 00'],
    ['an absolute address of eight bytes', '48 b8 50 02 40 00 00 00 00 00', 0, '48 b8 90 02 40 00 00 00 00 00'],
    ['a number that is no address, not at all', 'bf 50 01 00 00', 0, 'bf 50 01 00 00'],
    ['an operand that is cut off, not at all', '90 e8 fb 00 00', 0x100, '90 e8 fb 00 00'],
  ])('moves %s', (...[, hex, place, result]) => {
    expect(predicted(hex, place)).toBe(result);
  });

  test('leaves absolute addresses in code that can be moved', () => {
    expect(predicted('bf 50 01 40 00', 0, false)).toBe('bf 50 01 40 00');
  });
});

describe('Shifts', () => {
  test('gives each place the shift of the last step before it, whatever lies between the steps', () => {
    const starts = [5, 6, 7, 1000, 1_000_000, 1_000_001, 2 ** 31 - 2];
    const shifts = new Shifts(starts, [1, -2, 3, 4, -5, 6, 7]);
    const places = [0, 4, 5, 6, 7, 999, 1000, 999_999, 1_000_000, 1_000_001, 2 ** 31 - 3, 2 ** 31 - 2, 2 ** 31 - 1];
    expect(places.map((place) => shifts.at(place))).toEqual([0, 0, 1, -2, 3, 3, 4, 4, -5, 6, 6, 7, 7]);
    expect([0, 5, 2 ** 31 - 1].map((place) => new Shifts([], []).at(place))).toEqual([0, 0, 0]);
  });
});
