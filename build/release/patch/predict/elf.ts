/** Sections of ELF files for x86-64 (System V ABI, chapter 4). Only the release side reads them. */

/** A section with bytes in the file; `place` is where they lie (patches/forms/predict/guide.ts), `linked` the place of the section it belongs to, 0 without one. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly isLoaded: boolean;
  readonly isCode: boolean;
  readonly start: number;
  readonly end: number;
  readonly place: number;
  readonly linked: number;
}

/** A program or library: its sections in the order of the file, and which addresses are its own; `isFixed` when it runs at these only. */
export interface Image {
  readonly sections: readonly Section[];
  readonly isFixed: boolean;
  readonly origin: number;
  readonly extent: number;
}

/** Where places begin for what is loaded and for what is not; the new file is looked at with those of the old one. */
export interface Grounds {
  readonly origin: number;
  readonly unloaded: number;
}

export const sectionTypes = {
  symbols: 2,
  strings: 3,
  relocations: 4,
  dynamic: 6,
  empty: 8,
  dynamicSymbols: 11,
  starts: 14,
  ends: 15,
  frames: 0x7000_0001,
} as const;

const headerBytes = 64;
const entryBytes = 64;
const pageBytes = 4096;
const placesEnd = 2 ** 31;

interface Entry {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** Reads a file; null for anything but an x86-64 program or library of ELF that lists its sections. `grounds` are its own unless given. */
export function readElf(file: Buffer, given: Grounds | null): (Image & { readonly grounds: Grounds }) | null {
  const header = readHeader(file);
  const entries = header === null ? [] : readEntries(file, header);
  const loaded = entries.filter((entry) => isLoaded(entry) && entry.address > 0);
  if (header === null || loaded.length === 0) return null;
  const first = Math.min(...loaded.map(({ address }) => address));
  const origin = given?.origin ?? (header.isFixed ? first - (first % pageBytes) : 0);
  const extent = Math.max(...loaded.map(({ address, size }) => address + size)) - origin;
  const grounds = given ?? { origin, unloaded: extent };
  if (first < origin || extent > placesEnd || grounds.unloaded + file.length > placesEnd) return null;
  return { sections: sectionsOf(file, entries, { names: header.names, grounds }), isFixed: header.isFixed, origin, extent, grounds };
}

interface Header {
  readonly isFixed: boolean;
  readonly table: number;
  readonly count: number;
  readonly names: number;
}

function readHeader(file: Buffer): Header | null {
  if (file.length < headerBytes || !file.subarray(0, 6).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'))) return null;
  const [type, machine, table, count] = [
    file.readUInt16LE(16),
    file.readUInt16LE(18),
    Number(file.readBigUInt64LE(40)),
    file.readUInt16LE(60),
  ];
  if (![2, 3].includes(type) || machine !== 62 || file.readUInt16LE(58) !== entryBytes || table + count * entryBytes > file.length)
    return null;
  return { isFixed: type === 2, table, count, names: file.readUInt16LE(62) };
}

function readEntries(file: Buffer, { table, count }: Header): readonly Entry[] {
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * entryBytes;
    const wide = (offset: number): number => Number(file.readBigUInt64LE(at + offset));
    const [name, type, link] = [0, 4, 40].map((offset) => file.readUInt32LE(at + offset));
    return { name: name ?? 0, type: type ?? 0, flags: wide(8), address: wide(16), offset: wide(24), size: wide(32), link: link ?? 0 };
  });
}

function sectionsOf(file: Buffer, entries: readonly Entry[], { names, grounds }: { names: number; grounds: Grounds }): readonly Section[] {
  const text = entries[names]?.offset ?? 0;
  const sections = entries.flatMap((entry): Section[] => {
    const end = entry.offset + entry.size;
    if (entry.type === sectionTypes.empty || entry.type === 0 || entry.size === 0 || end > file.length) return [];
    const name = file.toString('latin1', text + entry.name, Math.max(text, file.indexOf(0, text + entry.name)));
    const linked = entries[entry.link];
    return [
      {
        name,
        type: entry.type,
        isLoaded: isLoaded(entry),
        isCode: (entry.flags & 4) !== 0,
        start: entry.offset,
        end,
        place: placeOf(entry, grounds),
        linked: linked === undefined ? 0 : placeOf(linked, grounds),
      },
    ];
  });
  const inOrder = sections.toSorted((a, b) => a.start - b.start);
  // What overlaps is none of a linker's making.
  return inOrder.filter((section, i) => section.start >= (inOrder[i - 1]?.end ?? 0) && section.place >= 0);
}

function isLoaded({ flags }: Entry): boolean {
  return (flags & 2) !== 0;
}

function placeOf(entry: Entry, { origin, unloaded }: Grounds): number {
  return isLoaded(entry) ? entry.address - origin : unloaded + entry.offset;
}
