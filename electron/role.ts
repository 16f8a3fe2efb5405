/** What this start of the program is for: boot contract v1 says so by its environment, a person or a launcher by words. */

/** The version's program in one of its modes, or the `moult` command with its words. */
export type Role =
  { readonly kind: 'program'; readonly words: readonly string[] } | { readonly kind: 'command'; readonly words: readonly string[] };

/** Words of Chromium and Electron, which a starter puts before ours. */
const foreign = /^--(?:ozone-platform|ozone-platform-hint|no-sandbox|disable-gpu|no-zygote|user-data-dir|enable-logging|headless)(?:=|$)/;

/**
 * Whoever starts a version by the contract says its mode. Everything else is the command: after `--moult`, or as the words stand
 * (the launcher's, `--switch`); without any, a person opened the program, which is `start`.
 */
export function roleOf(words: readonly string[], environment: NodeJS.ProcessEnv): Role {
  const own = words.filter((word) => !foreign.test(word));
  if (environment['MOULT_MODE'] !== undefined) return { kind: 'program', words: own };
  const spoken = own[0] === '--moult' ? own.slice(1) : own;
  return { kind: 'command', words: spoken.length === 0 ? ['start'] : spoken };
}
