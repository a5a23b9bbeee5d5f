#define _GNU_SOURCE
#include "locked-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the last one upwards, since mostly the parents are there. */
static int make_directory(char *path) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) {
    return 0;
  }
  char *slash = strrchr(path, '/');
  if (errno != ENOENT || slash == NULL || slash == path) {
    return -1;
  }
  *slash = '\0';
  int result = make_directory(path);
  *slash = '/';
  return result == 0 && (mkdir(path, 0700) == 0 || errno == EEXIST) ? 0 : -1;
}

static int write_all(int file, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, text, length);
    if (written < 0 && errno != EINTR) {
      return -1;
    }
    text += written < 0 ? 0 : written;
    length -= written < 0 ? 0 : (size_t)written;
  }
  return 0;
}

int aurae_locked_file_create(const char *directory, const char *path, const char *text, size_t length) {
  char copy[PATH_MAX];
  size_t directory_length = strlen(directory);
  if (directory_length >= sizeof copy) {
    return -ENAMETOOLONG;
  }
  memcpy(copy, directory, directory_length + 1);
  if (make_directory(copy) != 0) {
    return -errno;
  }
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) {
    return -errno;
  }
  if (flock(file, LOCK_EX | LOCK_NB) != 0 || write_all(file, text, length) != 0) {
    int error = errno;
    unlink(path);
    close(file);
    return -error;
  }
  return file;
}
