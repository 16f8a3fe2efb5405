/** Whether a native module can be loaded on a platform, by the first bytes of its file (ELF, PE, Mach-O). */

interface Format {
  readonly platforms: readonly string[];
  /** The machine's number where the format says it, or null when the bytes are not of this format. */
  machine(bytes: Buffer): number | null;
  readonly machines: Readonly<Record<string, number>>;
}

const formats: readonly Format[] = [
  {
    platforms: ['linux', 'freebsd', 'openbsd', 'android'],
    machine: (bytes) => (bytes.length >= 20 && bytes.readUInt32BE(0) === 0x7f454c46 ? bytes.readUInt16LE(18) : null),
    machines: { x64: 0x3e, arm64: 0xb7, ia32: 0x03, arm: 0x28, riscv64: 0xf3 },
  },
  { platforms: ['win32'], machine: machineOfPortable, machines: { x64: 0x8664, arm64: 0xaa64, ia32: 0x14c } },
  {
    platforms: ['darwin'],
    machine: (bytes) => (bytes.length >= 8 && bytes.readUInt32LE(0) === 0xfeedfacf ? bytes.readUInt32LE(4) : null),
    machines: { x64: 0x0100_0007, arm64: 0x0100_000c },
  },
];

/** Says why a module with these first bytes (4 KiB are enough) cannot be loaded there, or null. */
export function nativeProblem(bytes: Buffer, { platform, arch }: { readonly platform: string; readonly arch: string }): string | null {
  const format = formats.find(({ platforms }) => platforms.includes(platform));
  if (format === undefined) return null;
  // Two architectures in one file, as macOS has them.
  if (platform === 'darwin' && bytes.length >= 4 && bytes.readUInt32BE(0) === 0xcafebabe) return null;
  const machine = format.machine(bytes);
  if (machine === null) return `is not a native module for ${platform}`;
  return machine === format.machines[arch] ? null : `is a native module for another machine than ${arch}`;
}

function machineOfPortable(bytes: Buffer): number | null {
  if (bytes.length < 0x40 || bytes.readUInt16BE(0) !== 0x4d5a) return null;
  const at = bytes.readUInt32LE(0x3c);
  return at + 6 <= bytes.length && bytes.readUInt32BE(at) === 0x50450000 ? bytes.readUInt16LE(at + 4) : null;
}
