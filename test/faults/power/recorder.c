/*
 * A disk that remembers: one file, to be put under a loop device, that keeps every write and every flush in a log, in the order in
 * which the disk was told. It speaks the kernel's FUSE protocol itself, so that nothing but a C compiler is needed. Linux, root.
 *
 *   recorder PLACE IMAGE LOG
 *
 *   PLACE  an existing file; the recorded disk is mounted over it
 *   IMAGE  the disk's bytes; written to as the disk is
 *   LOG    one entry per write and flush: offset (u64, little endian; all ones for a flush), length (u32), the bytes
 *
 * An entry is in the log before the write it tells of is answered: whatever somebody was promised is further up. Prints one line
 * when the disk can be used and ends when it is unmounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST = 128 * 1024, ANSWERED = -1 };

static int device, image, journal;

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static void answer(uint64_t unique, int error, const void *body, size_t size) {
  struct fuse_out_header head = {.len = (uint32_t)(sizeof head + size), .error = -error, .unique = unique};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)body, size}};
  /* A request that was given up meanwhile is nobody's any more. */
  if (writev(device, parts, 2) < 0 && errno != ENOENT) give_up("answer");
}

static void remember(uint64_t offset, const void *bytes, uint32_t length) {
  struct iovec parts[] = {{&offset, sizeof offset}, {&length, sizeof length}, {(void *)bytes, length}};
  if (writev(journal, parts, 3) != (ssize_t)(sizeof offset + sizeof length + length)) give_up("log");
}

static struct fuse_attr attributes(void) {
  struct stat found;
  if (fstat(image, &found) < 0) give_up("image");
  return (struct fuse_attr){.ino = FUSE_ROOT_ID, .size = (uint64_t)found.st_size, .mode = S_IFREG | 0600, .nlink = 1, .blksize = 4096};
}

static int answer_with(uint64_t unique, const void *body, size_t size) {
  answer(unique, 0, body, size);
  return ANSWERED;
}

/* Carries out one request; returns an error's number (0: none), or ANSWERED where nothing more is to be said. */
static int serve(const struct fuse_in_header *head, const void *body) {
  static char bytes[MOST];
  switch (head->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .flags = FUSE_BIG_WRITES, .max_write = MOST};
      return answer_with(head->unique, &out, sizeof out);
    }
    case FUSE_GETATTR: {
      struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes()};
      return answer_with(head->unique, &out, sizeof out);
    }
    case FUSE_OPEN: {
      struct fuse_open_out out = {0};
      return answer_with(head->unique, &out, sizeof out);
    }
    case FUSE_READ: {
      const struct fuse_read_in *in = body;
      ssize_t got = pread(image, bytes, in->size < MOST ? in->size : MOST, (off_t)in->offset);
      if (got < 0) return errno;
      return answer_with(head->unique, bytes, (size_t)got);
    }
    case FUSE_WRITE: {
      const struct fuse_write_in *in = body;
      struct fuse_write_out out = {.size = in->size};
      if (pwrite(image, in + 1, in->size, (off_t)in->offset) != (ssize_t)in->size) return EIO;
      remember(in->offset, in + 1, in->size);
      return answer_with(head->unique, &out, sizeof out);
    }
    case FUSE_FSYNC:
      remember(UINT64_MAX, NULL, 0);
      return 0;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      return 0;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return ANSWERED;
    default:
      return ENOSYS;
  }
}

int main(int count, char **words) {
  static char request[MOST + 4096];
  char options[64];
  if (count != 4) return fprintf(stderr, "usage: recorder PLACE IMAGE LOG\n"), 2;
  if ((device = open("/dev/fuse", O_RDWR | O_CLOEXEC)) < 0) give_up("/dev/fuse");
  if ((image = open(words[2], O_RDWR | O_CLOEXEC)) < 0) give_up(words[2]);
  if ((journal = open(words[3], O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)) < 0) give_up(words[3]);
  snprintf(options, sizeof options, "fd=%d,rootmode=%o,user_id=0,group_id=0", device, S_IFREG);
  if (mount("recorder", words[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) give_up("mount");
  puts("ready");
  fflush(stdout);
  for (;;) {
    ssize_t got = read(device, request, sizeof request);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (got < 0) return errno == ENODEV ? 0 : 1;
    const struct fuse_in_header *head = (const struct fuse_in_header *)request;
    int error = serve(head, head + 1);
    if (error != ANSWERED) answer(head->unique, error, NULL, 0);
  }
}
