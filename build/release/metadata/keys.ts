/**
 * Private keys, one file each: `<folder>/<role>.key`, roots `root-<n>.key`.
 *
 * One line of JSON: `{"format":"moult-key-1","role":…,"seed":<64 hex>}`, or `{…,"salt":…,"nonce":…,"box":…}` when a passphrase
 * protects it (scrypt N 2^17, r 8, p 1, then NaCl secretbox). A key file is created with mode 600, never overwritten, and read
 * only while nobody else may read it. Secrets come from here or from a passphrase on standard input: never from arguments or
 * the environment, which other processes can see.
 */
import { randomBytes, scrypt } from 'node:crypto';
import { chmod, lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { z } from 'zod';
import { hasCode, namesIn, readBounded, syncFolder } from '../../../src/updater/disk/atomic.ts';
import { parseJson } from '../../../src/updater/disk/json.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { parseAs } from '../../../src/updater/model/parse.ts';
import { signerOf, type Signer } from './sign.ts';

export const keyRoles = ['root', 'targets', 'channels', 'snapshot', 'timestamp'] as const;

export type KeyRole = (typeof keyRoles)[number];

/** What a key file may be for: a role of the repository, or somebody who publishes evolutions in it. */
export const fileRoles = [...keyRoles, 'publisher'] as const;

type FileRole = (typeof fileRoles)[number];

/** The signers at hand, by role; a role whose keys lie elsewhere (a printed recovery key, an offline machine) has fewer or none. */
export type Keys = Readonly<Record<KeyRole, readonly Signer[]>>;

/** How many root keys there are, and how many of them must sign: a working and a recovery key, or two of three people. */
export const profiles = { solo: { keys: 2, threshold: 1 }, team: { keys: 3, threshold: 2 } } as const;

export type Profile = keyof typeof profiles;

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `not ${bytes} bytes in hexadecimal`);
const named = { format: z.literal('moult-key-1'), role: z.enum(fileRoles) };
const keySchema = z.union([z.object({ ...named, seed: hex(32) }), z.object({ ...named, salt: hex(16), nonce: hex(24), box: hex(48) })]);

type KeyFile = z.infer<typeof keySchema>;

/** Makes the keys of a new repository and returns their files' paths. Throws `usage/wrong` when the folder has keys already. */
export async function createKeys(folder: string, profile: Profile, passphrase: string | null = null): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await namesIn(folder)).some((name) => name.endsWith('.key'))) throw new Failed('usage/wrong', `${folder} has keys already`);
  const roots = Array.from({ length: profiles[profile].keys }, (_, i) => ({ role: 'root' as const, name: `root-${i + 1}` }));
  const others = keyRoles.filter((role) => role !== 'root').map((role) => ({ role, name: role }));
  const paths = [];
  for (const { role, name } of [...roots, ...others]) paths.push(await createKey(join(folder, `${name}.key`), role, passphrase));
  return paths;
}

/** Makes one key file, readable by its owner only, and returns its path. Throws `usage/wrong` when it exists. */
export async function createKey(path: string, role: FileRole, passphrase: string | null = null): Promise<string> {
  const seed = randomBytes(32);
  const secret = passphrase === null ? { seed: seed.toString('hex') } : await locked(seed, passphrase);
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (hasCode(error, 'EEXIST')) throw new Failed('usage/wrong', `${path} exists already`);
    throw error;
  });
  await using closing = file;
  await closing.writeFile(`${JSON.stringify({ format: 'moult-key-1', role, ...secret })}\n`);
  await closing.sync();
  await chmod(path, 0o600);
  await syncFolder(join(path, '..'));
  return path;
}

/** Opens every `*.key` of a folder. Throws `usage/wrong` for a file that others may read, a wrong passphrase, or a folder without keys. */
export async function openKeys(folder: string, passphrase: string | null = null): Promise<Keys> {
  const keys: Record<KeyRole, Signer[]> = { root: [], targets: [], channels: [], snapshot: [], timestamp: [] };
  for (const name of (await namesIn(folder)).filter((entry) => entry.endsWith('.key'))) {
    const { role, signer } = await readKey(join(folder, name), passphrase);
    if (role !== 'publisher') keys[role].push(signer);
  }
  if (keyRoles.every((role) => keys[role].length === 0)) throw new Failed('usage/wrong', `there are no keys in ${folder}`);
  return keys;
}

/** Opens one key file. Throws `usage/wrong` as `openKeys` does, and when it is for another role. */
export async function openKey(path: string, role: FileRole, passphrase: string | null = null): Promise<Signer> {
  const found = await readKey(path, passphrase);
  if (found.role !== role) throw new Failed('usage/wrong', `${path} is a key for ${found.role}, not for ${role}`);
  return found.signer;
}

/** Opens keys that came as text, one key file's line each; lines that are empty are passed over. Throws `usage/wrong`. */
export async function openKeyLines(lines: readonly string[], passphrase: string | null): Promise<Keys> {
  const keys: Record<KeyRole, Signer[]> = { root: [], targets: [], channels: [], snapshot: [], timestamp: [] };
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const { role, signer } = await parseKey(Buffer.from(line), { name: `line ${at + 1} of standard input`, passphrase });
    if (role !== 'publisher') keys[role].push(signer);
  }
  if (keyRoles.every((role) => keys[role].length === 0)) throw new Failed('usage/wrong', 'no keys came on standard input');
  return keys;
}

/** The keys of several folders as one set, each key once. */
export function joinKeys(all: readonly Keys[]): Keys {
  const of = (role: KeyRole): Signer[] => [...new Map(all.flatMap((keys) => keys[role]).map((signer) => [signer.id, signer])).values()];
  return { root: of('root'), targets: of('targets'), channels: of('channels'), snapshot: of('snapshot'), timestamp: of('timestamp') };
}

async function readKey(path: string, passphrase: string | null): Promise<{ role: FileRole; signer: Signer }> {
  const { mode } = await lstat(path).catch((cause: unknown) => {
    throw new Failed('usage/wrong', `there is no key file ${path}`, { cause });
  });
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Failed('usage/wrong', `${path} can be read by others; its mode must be 600 (chmod 600 ${path})`);
  }
  return parseKey((await readBounded(path, 4096)) ?? Buffer.alloc(0), { name: path, passphrase });
}

async function parseKey(
  bytes: Uint8Array,
  { name, passphrase }: { readonly name: string; readonly passphrase: string | null },
): Promise<{ role: FileRole; signer: Signer }> {
  const value = parseJson(bytes, { maxBytes: 4096 }, 'usage/wrong');
  const file = parseAs(keySchema, value, { what: name, code: 'usage/wrong' });
  return { role: file.role, signer: signerOf(await unlocked(name, file, passphrase)) };
}

async function locked(seed: Uint8Array, passphrase: string): Promise<{ salt: string; nonce: string; box: string }> {
  const [salt, nonce] = [randomBytes(16), randomBytes(24)];
  const box = nacl.secretbox(seed, nonce, await stretch(passphrase, salt));
  return { salt: salt.toString('hex'), nonce: nonce.toString('hex'), box: Buffer.from(box).toString('hex') };
}

async function unlocked(path: string, file: KeyFile, passphrase: string | null): Promise<Uint8Array> {
  if ('seed' in file) return Buffer.from(file.seed, 'hex');
  if (passphrase === null) throw new Failed('usage/wrong', `${path} is encrypted: its passphrase is read from standard input`);
  const key = await stretch(passphrase, Buffer.from(file.salt, 'hex'));
  const seed = nacl.secretbox.open(Buffer.from(file.box, 'hex'), Buffer.from(file.nonce, 'hex'), key);
  if (seed === null) throw new Failed('usage/wrong', `the passphrase does not open ${path}`);
  return seed;
}

function stretch(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(passphrase.normalize('NFKC'), salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 ** 2 }, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}
