#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t shim_write(int descriptor, const char *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t written = write(descriptor, bytes + done, count - done);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      errno = written == 0 ? ENOSPC : errno;
      break;
    }
    done += (size_t)written;
  }
  return done;
}

bool shim_read_text(const char *path, char *text, size_t size) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return false;
  }
  size_t length = 0;
  ssize_t count = 0;
  do {
    count = read(descriptor, text + length, size - 1 - length);
    length += count > 0 ? (size_t)count : 0;
  } while ((count > 0 && length < size - 1) || (count < 0 && errno == EINTR));
  int error = errno;
  close(descriptor);
  errno = error;
  text[length] = '\0';
  return count >= 0;
}

int shim_write_text(const char *path, const char *text) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return errno;
  }
  size_t length = strlen(text);
  int error = shim_write(descriptor, text, length) == length ? 0 : errno;
  close(descriptor);
  return error;
}

int shim_make_directories(const char *path, bool *made) {
  *made = mkdir(path, 0700) == 0;
  if (*made || errno == EEXIST) {
    return 0;
  }
  if (errno != ENOENT) {
    return errno;
  }
  int error = shim_make_parents(path);
  if (error != 0) {
    return error;
  }
  *made = mkdir(path, 0700) == 0;
  return *made || errno == EEXIST ? 0 : errno;
}

int shim_make_parents(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL || slash == path) {
    return 0;
  }
  size_t length = (size_t)(slash - path);
  if (length >= PATH_MAX) {
    return ENAMETOOLONG;
  }
  char parent[PATH_MAX];
  memcpy(parent, path, length);
  parent[length] = '\0';
  bool made = false;
  return shim_make_directories(parent, &made);
}

void shim_close(int *descriptor) {
  if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
}
