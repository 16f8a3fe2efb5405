/**
 * Stops or fails a real process at its n-th call that changes the disk, by a preloaded library. Linux with a C compiler only.
 *
 * Calls are counted from the moment the process asks for access to `/faults-begin`, so that its own start does not count.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const source = String.raw`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int armed, count;

/* Returns the error number that this call shall fail with, or 0. */
static int fault(const char *name) {
  if (!armed) return 0;
  const char *only = getenv("FAULT_ONLY"), *log = getenv("FAULT_LOG"), *what = getenv("FAULT_DO");
  if (only && !strstr(only, name)) return 0;
  int n = ++count;
  if (log) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int fd = real(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    char line[64];
    int size = snprintf(line, sizeof line, "%s\n", name);
    ssize_t (*put)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (fd >= 0) { if (put(fd, line, size) < 0) abort(); close(fd); }
  }
  int at = getenv("FAULT_AT") ? atoi(getenv("FAULT_AT")) : 0;
  if (!what || at == 0 || n < at || (n > at && !getenv("FAULT_ALWAYS"))) return 0;
  if (strcmp(what, "kill") == 0) { kill(getpid(), SIGKILL); for (;;) pause(); }
  return atoi(what);
}

#define FAIL(name) do { int e = fault(name); if (e) { errno = e; return -1; } } while (0)
#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int access(const char *path, int mode) {
  REAL(access);
  if (strcmp(path, "/faults-begin") == 0) armed = 1;
  return real(path, mode);
}
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    if (flags & (O_CREAT | O_TRUNC)) FAIL("open"); \
    REAL(name); return real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
/* The event loop wakes itself by writing to what is no file. */
static int is_file(int fd) { struct stat found; return fstat(fd, &found) == 0 && S_ISREG(found.st_mode); }
ssize_t write(int fd, const void *b, size_t n) { if (fd > 2 && is_file(fd)) FAIL("write"); REAL(write); return real(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { FAIL("write"); REAL(pwrite); return real(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { FAIL("write"); REAL(pwrite64); return real(fd, b, n, o); }
int ftruncate(int fd, off_t n) { FAIL("truncate"); REAL(ftruncate); return real(fd, n); }
int ftruncate64(int fd, off64_t n) { FAIL("truncate"); REAL(ftruncate64); return real(fd, n); }
int fsync(int fd) { FAIL("fsync"); REAL(fsync); return real(fd); }
int fdatasync(int fd) { FAIL("fsync"); REAL(fdatasync); return real(fd); }
int rename(const char *a, const char *b) { FAIL("rename"); REAL(rename); return real(a, b); }
int unlink(const char *path) { FAIL("unlink"); REAL(unlink); return real(path); }
int rmdir(const char *path) { FAIL("rmdir"); REAL(rmdir); return real(path); }
int mkdir(const char *path, mode_t mode) { FAIL("mkdir"); REAL(mkdir); return real(path, mode); }
int symlink(const char *a, const char *b) { FAIL("symlink"); REAL(symlink); return real(a, b); }
int chmod(const char *path, mode_t mode) { FAIL("chmod"); REAL(chmod); return real(path, mode); }
int fchmod(int fd, mode_t mode) { FAIL("chmod"); REAL(fchmod); return real(fd, mode); }
`;

/** What happens to the process: nothing but a list of its calls, or its death or an error at one of them. */
export interface Fault {
  /** Which call, counted from 1; 0 for none. */
  readonly at: number;
  /** `kill` ends the process before the call; a number fails it with that errno. */
  readonly what: 'kill' | number;
  /** Only calls of these names count, such as `fsync`. */
  readonly only?: string;
  /** Every later call fails too. */
  readonly always?: boolean;
}

/** How the process ended, what it wrote, and the names of the calls that were counted. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly string[];
}

/** Why faults cannot be made here, or null when they can. */
export async function faultsMissing(): Promise<string | null> {
  if (process.platform !== 'linux') return 'faults are made with a preloaded library, on Linux only';
  return run('cc', ['--version']).then(
    () => null,
    () => 'there is no C compiler',
  );
}

/** Runs a module given as text under a fault; the module calls `begin()` where counting starts. */
export async function runWithFault(module: string, fault: Fault): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'moult-faults-'));
  try {
    const log = join(folder, 'calls');
    const text = `import { accessSync } from 'node:fs'; const begin = () => { try { accessSync('/faults-begin') } catch {} };\n${module}`;
    const env = {
      ...process.env,
      LD_PRELOAD: await library(),
      FAULT_LOG: log,
      FAULT_AT: String(fault.at),
      FAULT_DO: String(fault.what),
      ...(fault.only === undefined ? {} : { FAULT_ONLY: fault.only }),
      ...(fault.always === true ? { FAULT_ALWAYS: '1' } : {}),
    };
    const ended = await end(text, env);
    const calls = await readFile(log, 'utf8').catch(() => '');
    return { ...ended, calls: calls.split('\n').filter((line) => line !== '') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function end(text: string, env: NodeJS.ProcessEnv): Promise<Omit<Outcome, 'calls'>> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', text], { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}

/** Compiled once per text of the library; several test processes may do so at the same time. */
async function library(): Promise<string> {
  const path = join(tmpdir(), `moult-faults-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.so`);
  if (await access(path).then(...exists)) return path;
  const folder = await mkdtemp(join(tmpdir(), 'moult-faults-'));
  await writeFile(join(folder, 'faults.c'), source);
  await run('cc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'faults.so'), join(folder, 'faults.c'), '-ldl']);
  await rename(join(folder, 'faults.so'), path);
  await rm(folder, { recursive: true });
  return path;
}

const exists = [() => true, () => false] as const;
