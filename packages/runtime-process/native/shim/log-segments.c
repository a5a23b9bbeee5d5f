#define _GNU_SOURCE
#include "log-segments.h"

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { digits = 20, scan_bytes = 16 * 1024 };
static const char suffix[] = ".log";

static bool parse_name(const char *name, uint64_t *first) {
  if (strlen(name) != digits + sizeof suffix - 1 || strspn(name, "0123456789") != digits ||
      strcmp(name + digits, suffix) != 0) {
    return false;
  }
  errno = 0;
  *first = strtoull(name, NULL, 10);
  return errno == 0 && *first > 0;
}

static bool path_of(const struct log_segments *segments, uint64_t first, char *path) {
  if (snprintf(path, PATH_MAX, "%s/%020" PRIu64 "%s", segments->directory, first, suffix) < PATH_MAX) {
    return true;
  }
  errno = ENAMETOOLONG;
  return false;
}

static bool add(struct log_segments *segments, uint64_t first) {
  if (segments->count == segments->capacity) {
    size_t capacity = segments->capacity == 0 ? 8 : segments->capacity * 2;
    uint64_t *firsts = realloc(segments->firsts, capacity * sizeof *firsts);
    if (firsts == NULL) {
      return false;
    }
    segments->firsts = firsts;
    segments->capacity = capacity;
  }
  segments->firsts[segments->count++] = first;
  return true;
}

static int by_first(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

int log_segments_open(struct log_segments *segments, const char *directory) {
  *segments = (struct log_segments){.directory = directory};
  int error = shim_make_directories(directory, &segments->made_directory);
  if (error != 0 || segments->made_directory) {
    return error;
  }
  DIR *entries = opendir(directory);
  if (entries == NULL) {
    return errno;
  }
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    uint64_t first = 0;
    if (parse_name(entry->d_name, &first) && !add(segments, first)) {
      error = ENOMEM;
    }
  }
  closedir(entries);
  if (segments->count > 1) {
    qsort(segments->firsts, segments->count, sizeof *segments->firsts, by_first);
  }
  return error;
}

/* Where the last whole record ends, looked for from the end. -1 with errno. */
static off_t end_of_records(int segment, off_t size) {
  char buffer[scan_bytes];
  while (size > 0) {
    size_t length = size < scan_bytes ? (size_t)size : (size_t)scan_bytes;
    ssize_t count = pread(segment, buffer, length, size - (off_t)length);
    if (count != (ssize_t)length) {
      errno = count < 0 ? errno : EIO;
      return -1;
    }
    const char *last = memrchr(buffer, '\n', length);
    if (last != NULL) {
      return size - (off_t)length + (last - buffer) + 1;
    }
    size -= (off_t)length;
  }
  return 0;
}

static bool count_lines(int segment, uint64_t *lines) {
  char buffer[scan_bytes];
  ssize_t count = 0;
  for (off_t offset = 0; (count = pread(segment, buffer, sizeof buffer, offset)) > 0; offset += count) {
    for (const char *next = buffer; (next = memchr(next, '\n', (size_t)(buffer + count - next))) != NULL; next++) {
      (*lines)++;
    }
  }
  return count == 0;
}

int log_segments_resume(const struct log_segments *segments, uint64_t *size, uint64_t *records, bool count_records) {
  char path[PATH_MAX];
  errno = 0;
  if (segments->count == 0 || !path_of(segments, segments->firsts[segments->count - 1], path)) {
    return -1;
  }
  int segment = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (segment < 0) {
    return -1;
  }
  struct stat status;
  off_t end = fstat(segment, &status) == 0 ? end_of_records(segment, status.st_size) : -1;
  bool usable = end >= 0 && (end == status.st_size || ftruncate(segment, end) == 0) &&
                (!count_records || count_lines(segment, records));
  if (!usable) {
    int error = errno;
    close(segment);
    errno = error == 0 ? EIO : error;
    return -1;
  }
  *size = (uint64_t)end;
  return segment;
}

int log_segments_begin(struct log_segments *segments, uint64_t first) {
  char path[PATH_MAX];
  if (!path_of(segments, first, path)) {
    return -1;
  }
  int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; /* a FIFO in its place fails */
  int segment = open(path, flags, 0600);
  if (segment < 0 && errno == ENOENT) {
    bool made = false;
    int error = shim_make_directories(segments->directory, &made);
    errno = error;
    segment = error == 0 ? open(path, flags, 0600) : -1;
  }
  bool is_known = segments->count > 0 && segments->firsts[segments->count - 1] == first;
  if (segment >= 0 && !is_known && !add(segments, first)) {
    shim_close(&segment);
    errno = ENOMEM;
  }
  return segment;
}

void log_segments_keep(struct log_segments *segments, uint64_t most) {
  size_t surplus = segments->count > most ? segments->count - (size_t)most : 0;
  char path[PATH_MAX];
  for (size_t i = 0; i < surplus; i++) {
    if (path_of(segments, segments->firsts[i], path)) {
      unlink(path);
    }
  }
  segments->count -= surplus;
  memmove(segments->firsts, segments->firsts + surplus, segments->count * sizeof *segments->firsts);
}

void log_segments_drop_last(struct log_segments *segments) {
  char path[PATH_MAX];
  if (segments->count > 0 && path_of(segments, segments->firsts[--segments->count], path)) {
    unlink(path);
  }
}

void log_segments_drop_from(struct log_segments *segments, uint64_t first, uint64_t resumed, uint64_t resumed_size) {
  char path[PATH_MAX];
  while (segments->count > 0 && segments->firsts[segments->count - 1] >= first &&
         segments->firsts[segments->count - 1] != resumed) {
    log_segments_drop_last(segments);
  }
  struct stat status;
  if (resumed != 0 && path_of(segments, resumed, path) && stat(path, &status) == 0 &&
      (uint64_t)status.st_size > resumed_size && truncate(path, (off_t)resumed_size) != 0) {
    return;
  }
  if (segments->made_directory) {
    rmdir(segments->directory);
  }
}

void log_segments_close(struct log_segments *segments) {
  free(segments->firsts);
  segments->firsts = NULL;
  segments->count = segments->capacity = 0;
}
