/*
 * Stops or fails a program with all its processes at the n-th call that changes something below one folder. Preloaded; Linux only.
 *
 *   FAULT_ROOT    the folder (absolute, without links); calls on anything else go through unseen
 *   FAULT_BOARD   a file of 512 bytes (64-bit numbers), mapped and shared by every process: how many calls were counted, how
 *                 many process groups were begun, and the numbers of these groups
 *   FAULT_TRACE   (optional) a file that gets one line per counted call: its name and what it is about
 *   FAULT_ONLY    (optional) names of the calls that count, else every call that changes something; `read` counts only when named
 *   FAULT_AT      which call, from 1; 0 or nothing only counts
 *   FAULT_DO      before | after (every group is killed there) | alone (only this process is killed, before)
 *                 | starter (the first group is killed, before; what it had begun in groups of their own goes on)
 *                 | stop | interrupt (this group gets the signal and goes on) | interrupt parent
 *                 | half (a write takes half of it) | an error's number
 *   FAULT_ALWAYS  (optional) every later call that counts fails too
 *
 * The first process has to be started as the leader of a group.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { GO = 0, KILL_AFTER = -1, HALF = -2 }; /* above 0: an error's number */

static const char *root, *only, *action;
static size_t root_length;
static long fault_at;
static int always, trace = -1;

enum { MOST_GROUPS = 62 };
static struct { _Atomic long calls, groups, group[MOST_GROUPS]; } *board;

/* glibc's own entry points, past our replacements. */
#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static long raw(long number, long a, long b, long c) {
  REAL(syscall);
  return real(number, a, b, c, 0L, 0L, 0L);
}

__attribute__((constructor)) static void begin(void) {
  const char *place = getenv("FAULT_BOARD"), *lines = getenv("FAULT_TRACE"), *number = getenv("FAULT_AT");
  if (!place || !getenv("FAULT_ROOT")) return;
  int fd = (int)raw(SYS_open, (long)place, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  raw(SYS_close, fd, 0, 0);
  if (board == MAP_FAILED) abort();
  if (lines) trace = (int)raw(SYS_open, (long)lines, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  only = getenv("FAULT_ONLY");
  action = getenv("FAULT_DO");
  always = getenv("FAULT_ALWAYS") != NULL;
  fault_at = number ? atol(number) : 0;
  root = getenv("FAULT_ROOT");
  root_length = strlen(root);
  if (getpid() != getpgrp()) return;
  long n = atomic_fetch_add(&board->groups, 1);
  if (n < MOST_GROUPS) board->group[n] = getpid();
}

static void die(void) {
  for (long n = 0; n < board->groups && n < MOST_GROUPS; n++) {
    if (board->group[n] > 0 && board->group[n] != getpgrp()) kill(-(pid_t)board->group[n], SIGKILL);
  }
  kill(0, SIGKILL);
  for (;;) pause();
}

static void kill_starter(void) {
  if (board->group[0] == getpgrp()) die();
  kill(-(pid_t)board->group[0], SIGKILL);
}

static int is_below(const char *path) {
  return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* The path behind a descriptor, or behind a name relative to one; empty when it has none. */
static const char *path_of(int fd, const char *name, char *buffer) {
  char link[64];
  if (name && name[0] == '/') return name;
  snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
  long length = raw(SYS_readlink, (long)link, (long)buffer, PATH_MAX - 1);
  buffer[length > 0 ? length : 0] = 0;
  if (name && length > 0) snprintf(buffer + length, PATH_MAX - length, "/%s", name);
  return buffer;
}

static int counts(const char *call) {
  if (!only) return strcmp(call, "read") != 0;
  size_t length = strlen(call);
  for (const char *at = only; (at = strstr(at, call)); at += length) {
    if ((at == only || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) return 1;
  }
  return 0;
}

static void tell(const char *call, const char *path) {
  char line[PATH_MAX + 32];
  int length = snprintf(line, sizeof line, "%s %s\n", call, path + root_length);
  if (trace >= 0 && raw(SYS_write, trace, (long)line, length) < 0) abort();
}

/* What happens to this call. `name` is a path, or null when the call is about the descriptor itself. */
static int judge(const char *call, int fd, const char *name) {
  char buffer[PATH_MAX * 2];
  if (!board || !counts(call)) return GO;
  int saved = errno;
  const char *path = path_of(fd, name, buffer);
  errno = saved;
  if (!is_below(path)) return GO;
  long n = atomic_fetch_add(&board->calls, 1) + 1;
  tell(call, path);
  errno = saved;
  if (!action || fault_at == 0 || n < fault_at || (n > fault_at && !always)) return GO;
  if (strcmp(action, "before") == 0) die();
  if (strcmp(action, "alone") == 0) kill(getpid(), SIGKILL);
  if (strcmp(action, "starter") == 0) return kill_starter(), GO;
  if (strcmp(action, "stop") == 0) return kill(0, SIGSTOP), GO;
  if (strcmp(action, "interrupt") == 0) return kill(0, SIGINT), GO;
  if (strcmp(action, "interrupt parent") == 0) return kill(getppid(), SIGINT), GO;
  if (strcmp(action, "after") == 0) return KILL_AFTER;
  if (strcmp(action, "half") == 0) return HALF;
  return atoi(action);
}

#define JUDGED(call, fd, name, carry_out) \
  do { \
    int verdict = judge(call, fd, name); \
    if (verdict > 0) { errno = verdict; return -1; } \
    __auto_type result = carry_out; \
    if (verdict == KILL_AFTER) die(); \
    return result; \
  } while (0)

/* A write that may be cut short. */
#define WRITTEN(fd, size, carry_out) \
  do { \
    int verdict = judge("write", fd, NULL); \
    if (verdict > 0) { errno = verdict; return -1; } \
    if (verdict == HALF && (size) > 1) (size) /= 2; \
    ssize_t result = carry_out; \
    if (verdict == KILL_AFTER) die(); \
    return result; \
  } while (0)

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
#define CREATES(flags) ((flags) & (O_CREAT | O_TRUNC))

int open(const char *path, int flags, ...) {
  MODE(flags) REAL(open);
  if (!CREATES(flags)) return real(path, flags, mode);
  JUDGED("open", AT_FDCWD, path, real(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
  MODE(flags) REAL(open64);
  if (!CREATES(flags)) return real(path, flags, mode);
  JUDGED("open", AT_FDCWD, path, real(path, flags, mode));
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags) REAL(openat);
  if (!CREATES(flags)) return real(folder, path, flags, mode);
  JUDGED("open", folder, path, real(folder, path, flags, mode));
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags) REAL(openat64);
  if (!CREATES(flags)) return real(folder, path, flags, mode);
  JUDGED("open", folder, path, real(folder, path, flags, mode));
}
int creat(const char *path, mode_t mode) { REAL(creat); JUDGED("open", AT_FDCWD, path, real(path, mode)); }

ssize_t write(int fd, const void *bytes, size_t size) { REAL(write); WRITTEN(fd, size, real(fd, bytes, size)); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { REAL(pwrite); WRITTEN(fd, size, real(fd, bytes, size, at)); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { REAL(pwrite64); WRITTEN(fd, size, real(fd, bytes, size, at)); }
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(writev); WRITTEN(fd, n, real(fd, v, n)); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { REAL(pwritev); WRITTEN(fd, n, real(fd, v, n, at)); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { REAL(pwritev64); WRITTEN(fd, n, real(fd, v, n, at)); }

ssize_t read(int fd, void *bytes, size_t size) { REAL(read); JUDGED("read", fd, NULL, real(fd, bytes, size)); }
ssize_t pread(int fd, void *bytes, size_t size, off_t at) { REAL(pread); JUDGED("read", fd, NULL, real(fd, bytes, size, at)); }
ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) { REAL(pread64); JUDGED("read", fd, NULL, real(fd, bytes, size, at)); }
ssize_t readv(int fd, const struct iovec *v, int n) { REAL(readv); JUDGED("read", fd, NULL, real(fd, v, n)); }
ssize_t preadv(int fd, const struct iovec *v, int n, off_t at) { REAL(preadv); JUDGED("read", fd, NULL, real(fd, v, n, at)); }
ssize_t preadv64(int fd, const struct iovec *v, int n, off64_t at) { REAL(preadv64); JUDGED("read", fd, NULL, real(fd, v, n, at)); }

int ftruncate(int fd, off_t size) { REAL(ftruncate); JUDGED("truncate", fd, NULL, real(fd, size)); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); JUDGED("truncate", fd, NULL, real(fd, size)); }
int truncate(const char *path, off_t size) { REAL(truncate); JUDGED("truncate", AT_FDCWD, path, real(path, size)); }
int truncate64(const char *path, off64_t size) { REAL(truncate64); JUDGED("truncate", AT_FDCWD, path, real(path, size)); }
int fallocate(int fd, int how, off_t at, off_t size) { REAL(fallocate); JUDGED("allocate", fd, NULL, real(fd, how, at, size)); }
int fallocate64(int fd, int how, off64_t at, off64_t size) { REAL(fallocate64); JUDGED("allocate", fd, NULL, real(fd, how, at, size)); }

int fsync(int fd) { REAL(fsync); JUDGED("fsync", fd, NULL, real(fd)); }
int fdatasync(int fd) { REAL(fdatasync); JUDGED("fsync", fd, NULL, real(fd)); }

int rename(const char *from, const char *to) { REAL(rename); JUDGED("rename", AT_FDCWD, to, real(from, to)); }
int renameat(int a, const char *from, int b, const char *to) { REAL(renameat); JUDGED("rename", b, to, real(a, from, b, to)); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  REAL(renameat2);
  JUDGED("rename", b, to, real(a, from, b, to, flags));
}
int unlink(const char *path) { REAL(unlink); JUDGED("unlink", AT_FDCWD, path, real(path)); }
int unlinkat(int folder, const char *path, int flags) { REAL(unlinkat); JUDGED("unlink", folder, path, real(folder, path, flags)); }
int rmdir(const char *path) { REAL(rmdir); JUDGED("rmdir", AT_FDCWD, path, real(path)); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); JUDGED("mkdir", AT_FDCWD, path, real(path, mode)); }
int mkdirat(int folder, const char *path, mode_t mode) { REAL(mkdirat); JUDGED("mkdir", folder, path, real(folder, path, mode)); }
int symlink(const char *to, const char *path) { REAL(symlink); JUDGED("symlink", AT_FDCWD, path, real(to, path)); }
int symlinkat(const char *to, int folder, const char *path) { REAL(symlinkat); JUDGED("symlink", folder, path, real(to, folder, path)); }
int link(const char *from, const char *to) { REAL(link); JUDGED("link", AT_FDCWD, to, real(from, to)); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
  REAL(linkat);
  JUDGED("link", b, to, real(a, from, b, to, flags));
}
int chmod(const char *path, mode_t mode) { REAL(chmod); JUDGED("chmod", AT_FDCWD, path, real(path, mode)); }
int fchmod(int fd, mode_t mode) { REAL(fchmod); JUDGED("chmod", fd, NULL, real(fd, mode)); }
int fchmodat(int folder, const char *path, mode_t mode, int flags) {
  REAL(fchmodat);
  JUDGED("chmod", folder, path, real(folder, path, mode, flags));
}

ssize_t copy_file_range(int in, off64_t *a, int out, off64_t *b, size_t size, unsigned flags) {
  REAL(copy_file_range);
  JUDGED("copy", out, NULL, real(in, a, out, b, size, flags));
}
ssize_t sendfile(int out, int in, off_t *at, size_t size) { REAL(sendfile); JUDGED("copy", out, NULL, real(out, in, at, size)); }
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) { REAL(sendfile64); JUDGED("copy", out, NULL, real(out, in, at, size)); }
int ioctl(int fd, unsigned long what, ...) {
  va_list rest;
  va_start(rest, what);
  void *with = va_arg(rest, void *);
  va_end(rest);
  REAL(ioctl);
  if (what != FICLONE && what != FICLONERANGE) return real(fd, what, with);
  JUDGED("copy", fd, NULL, real(fd, what, with));
}

/* The event loop makes some calls without glibc. Those that it could change a disk with. */
long syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  REAL(syscall);
#define CALL real(number, a[0], a[1], a[2], a[3], a[4], a[5])
  switch (number) {
    case SYS_copy_file_range: JUDGED("copy", (int)a[2], NULL, CALL);
    case SYS_renameat2: JUDGED("rename", (int)a[2], (const char *)a[3], CALL);
    case SYS_write: case SYS_pwrite64: JUDGED("write", (int)a[0], NULL, CALL);
    case SYS_pwritev: case SYS_pwritev2: JUDGED("write", (int)a[0], NULL, CALL);
    case SYS_io_uring_setup: errno = ENOSYS; return -1;
    default: return CALL;
  }
}
