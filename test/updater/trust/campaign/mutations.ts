/**
 * The trust client with one of its checks taken out: what a committed test has to notice.
 *
 * Most mutants are found by their shape, so that a check that is added later is covered without anybody's thinking of it: calls of
 * `require…`, guarded and lone throws, refinements of a schema. The others are conditions inside of expressions, listed by hand.
 */

/** One check that is missing: where, which, and the file as it then reads. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly without: string;
  readonly text: string;
}

/** Every mutant of one file of the client; throws when one that is listed by hand no longer fits. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const lines = text.split('\n');
  const byShape = lines.flatMap((line, at): Mutant[] => {
    const changed = withoutCheck(line);
    if (changed === null) return [];
    return [{ file, line: at + 1, without: line.trim(), text: lines.with(at, changed).join('\n') }];
  });
  const byHand = (conditions[file] ?? []).map(([from, to]): Mutant => {
    const at = text.indexOf(from);
    if (at === -1 || text.includes(from, at + 1)) throw new Error(`${file} holds ${JSON.stringify(from)} not exactly once`);
    const line = text.slice(0, at).split('\n').length;
    return { file, line, without: `${from} → ${to}`, text: text.replace(from, () => to) };
  });
  return [...byShape, ...byHand];
}

/** A line without the check that it makes, or null when it makes none. */
function withoutCheck(line: string): string | null {
  const call = /^\s*(?:if \(.*\) )?(?:for \(.*\) )?require(?:Match|NotOlder|Version|Fresh|Votes|Floor|Same)\(.*\);/;
  if (call.test(line)) return '';
  if (/^\s*(?:if \(.*\) )throw new Failed\(/.test(line)) return '';
  if (/^\s*if \(.*\)$/.test(line)) return line.replace(/if \(.*\)$/, 'if (Math.random() > 1)');
  if (/^\s*throw new Failed\(.*\);$/.test(line)) return '';
  const refined = line.replace(/\.refine\(\(.*\) => .*, '[^']*'\)/, '');
  return refined === line ? null : refined;
}

/** Conditions that have no line of their own: what stands there, and what stands there without the check. */
const conditions: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'signature.ts': [
    ['voters.size >= by.role.threshold', 'voters.size >= 1'],
    ['voters.add(verifying.identity)', 'voters.add(id)'],
    [' && verifying.verify(signed.message, signature))', ')'],
    ["key.keytype !== 'ed25519' || ", ''],
    ["key.scheme !== 'ed25519' || ", ''],
    ['!/^[0-9a-f]{64}$/i.test(key.keyval.public)', 'false'],
    ['return isSoundKey(publicKey) ? publicKey : null', 'return publicKey'],
    ['signature.length !== 64 || ', ''],
    ['!isSoundKey(publicKey) || ', ''],
    ['!isBelow(signature.subarray(32), order)', 'false'],
    ['return nacl.sign.detached.verify(message, signature, publicKey)', 'return true'],
    ['isBelow(y, prime) && ', ''],
    [" && !smallOrder.has(Buffer.from(y).toString('hex'))", ''],
    ['if (publicKey.length !== 32) return false;', ''],
    ['y[31] = (y[31] ?? 0) & 0x7f;', ''],
    ["  '00'.repeat(32),\n", ''],
    ["  `01${'00'.repeat(31)}`,\n", ''],
    ["  `ec${'ff'.repeat(30)}7f`,\n", ''],
    ["  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',\n", ''],
    ["  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',\n", ''],
  ],
  'checks.ts': [
    ['expected.length !== undefined && expected.length !== bytes.length', 'false'],
    ["digest === createHash(algorithm).update(bytes).digest('hex')", 'true'],
    ["['sha256', 'sha512'] as const", "['sha256'] as const"],
    ['Date.parse(expires) <= now.getTime()', 'Date.parse(expires) < now.getTime()'],
  ],
  'workflow.ts': [
    ['rotations < trustLimits.rootRotations', 'rotations < 1_000_000'],
    ['stored.body.version >= (shipped?.body.version ?? 0)', 'true'],
    ['before !== null && hasRotated(before, next.body, check.readKey)', 'false'],
    ['stored === null || fetched.body.version > stored.body.version', 'true'],
    ["const current = await recall(check, 'snapshot', accept)", "const current = await recall(check, 'snapshot', parse)"],
    ['fetched.body.meta.get(name)?.version ?? 0', 'fetched.body.meta.get(name)?.version ?? version'],
    ['const stored = await recall(check, by.name, accept)', 'const stored = await recall(check, by.name, parseTargets)'],
    ['Math.min(length ?? Infinity, limitOf(role))', 'limitOf(role)'],
    ['orNull(() => parse(bytes))', 'parse(bytes)'],
    ['job.signal.throwIfAborted();', ''],
  ],
  'memory.ts': [
    ['if (name === role) return true;', ''],
    ['keys.length > 0 && keys.every((key) => today.has(key))', 'keys.length > 0'],
    ['keys.every((key) => today.has(key))', 'keys.some((key) => today.has(key))'],
    ['([name]) => name.length <= 256', '() => true'],
    ['if (found?.isDirectory() === true) await removeTree(path);', ''],
    ["if (error instanceof Failed && error.code === 'state/damaged') return null;", ''],
    ["(['timestamp', 'snapshot'] as const).some", "(['timestamp'] as const).some"],
  ],
  'client.ts': [
    ['now: latest(check.now, timestamp.moult_signed_at)', 'now: check.now'],
    ["versions.set('timestamp', timestamp.version)", 'versions'],
    [".set('snapshot', snapshot.version)", ''],
    ['orNull(() => verified(stored))', 'stored'],
    ['const bytes = verified(await requireFile(', 'const bytes = (await requireFile('],
    ['Math.min(target.length, trustLimits.target)', 'trustLimits.target'],
    ['job: quietJob(), now: null', 'job: quietJob()'],
  ],
  'delegation.ts': [
    [' || visited.size >= trustLimits.roles', ''],
    ['asked.isFinal ? asked.roles : [...asked.roles, ...rest]', '[...asked.roles, ...rest]'],
    ['last === -1 ? matching : matching.slice(0, last + 1)', 'matching'],
    ['delegations.roles.filter((role) => speaksFor(role, name))', '[...delegations.roles]'],
    ['names.length === patterns.length && ', ''],
    ['sha256Hex(name).startsWith(prefix)', 'true'],
  ],
  'metadata.ts': [
    ['z.object({ keyids: idsSchema, threshold: z.int().min(1) })', 'z.object({ keyids: idsSchema, threshold: z.int() })'],
    ["spec_version: z.string().regex(/^1\\.\\d+(\\.\\d+)?$/, 'another version of the specification')", 'spec_version: z.string()'],
    ['  version: z.int().min(1),\n  expires: timeSchema,', '  version: z.int(),\n  expires: timeSchema,'],
    ['  expires: timeSchema,', '  expires: z.string(),'],
    ["_type: z.literal('root')", '_type: z.string()'],
    ["_type: z.literal('timestamp')", '_type: z.string()'],
    ["_type: z.literal('snapshot')", '_type: z.string()'],
    ["_type: z.literal('targets')", '_type: z.string()'],
    ['/^([0-9a-f]{2})*$/i.test(text) ? ', 'true ? '],
    ['{ maxBytes: limitOf(kind) }', '{ maxBytes: Infinity }'],
    [' && Number.isSafeInteger(value)', ''],
  ],
  'release.ts': [
    ['bytes.length !== size || sha256Hex(bytes) !== sha256', 'sha256Hex(bytes) !== sha256'],
    ['bytes.length !== size || sha256Hex(bytes) !== sha256', 'bytes.length !== size'],
    ['Math.min(size, manifestLimits.bytes)', 'manifestLimits.bytes'],
  ],
  'choose.ts': [
    ['entry.version === version && entry.manifest.sha256', 'entry.manifest.sha256'],
    ['entry.manifest.sha256 === manifest.sha256 && ', ''],
    [' && entry.manifest.size === manifest.size', ''],
    ['if (withdrawn !== undefined) return `it was withdrawn: ${withdrawn.reason}`;', ''],
    ['compare(version, have.version) > 0) return null', 'compare(version, have.version) !== 0) return null'],
    ["offer.paused ? 'it is paused' : ", ''],
    ["choice.kind === 'none' && have.version === null", "choice.kind === 'none'"],
    ['bucketOf(have.machineId, offer.version) < percent * 100', 'true'],
    ['needs.updater !== null && !gte(have.updaterVersion, needs.updater)', 'false'],
    ['needs.os !== null && !reaches(have.os, needs.os)', 'false'],
    ['needs.libc !== null && (have.libc === null || !reaches(have.libc, needs.libc))', 'false'],
    ['needs.minFrom !== null && have.version !== null && lt(have.version, needs.minFrom)', 'false'],
    ['if (!/^\\d+(\\.\\d+)*$/.test(needed)) return false;', ''],
  ],
};
