// Two packages without types of their own; what we use of them, and only in the child process.
declare module 'bsdiff-node' {
  const bsdiff: { diff(oldPath: string, newPath: string, patchPath: string, progress: () => void): Promise<void> };
  export = bsdiff;
}

declare module 'seek-bzip' {
  const seekBzip: { decode(input: Buffer): Buffer };
  export = seekBzip;
}
