/** How this very command is started once more, as a process of its own. */

/** A program and the words that come before the command's own. */
export interface Again {
  readonly program: string;
  readonly args: readonly string[];
}

/** What is known of the process that is to be started again. */
export interface Self {
  readonly execPath: string;
  readonly script: string | undefined;
  readonly isElectron: boolean;
  readonly platform: NodeJS.Platform;
  /** The file that an AppImage was started from: its own program lies in a mount that ends with it. */
  readonly appImage: string | undefined;
}

/** The process that runs this. */
export function thisProcess(): Self {
  const { execPath, argv, versions, platform, env } = process;
  return { execPath, script: argv[1], isElectron: versions['electron'] !== undefined, platform, appImage: env['APPIMAGE'] };
}

/** How the command is started again: Node by its script; Electron by itself, on Linux without a display. */
export function startedAgain({ execPath, script, isElectron, platform, appImage }: Self): Again {
  if (!isElectron) return { program: execPath, args: script === undefined ? [] : [script] };
  const headless = platform === 'linux' ? ['--ozone-platform=headless', '--disable-gpu'] : [];
  if (appImage === undefined) return { program: execPath, args: [...headless, '--moult'] };
  return { program: appImage, args: ['--appimage-extract-and-run', ...headless, '--moult'] };
}
