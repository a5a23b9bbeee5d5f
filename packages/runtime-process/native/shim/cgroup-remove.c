#define _GNU_SOURCE
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A process can be counted for a moment after it was reaped. */
enum { attempts = 20, pause_ns = 2000000 };

static void remove_inside(int directory) {
  DIR *entries = fdopendir(directory);
  if (entries == NULL) {
    close(directory);
    return;
  }
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    int inner = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (inner >= 0) {
      remove_inside(inner);
    }
    unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
  }
  closedir(entries);
}

static void remove_one(const char *path) {
  struct timespec pause = {.tv_nsec = pause_ns};
  for (int attempt = 0; attempt < attempts; attempt++) {
    if (rmdir(path) == 0 || (errno != EBUSY && errno != ENOTEMPTY)) {
      return;
    }
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
      remove_inside(directory);
    }
    if (rmdir(path) == 0) {
      return;
    }
    nanosleep(&pause, NULL);
  }
}

void shim_cgroups_remove(struct shim_cgroups *cgroups) {
  while (cgroups->made > 0) {
    remove_one(cgroups->settings->cgroups.items[--cgroups->made]);
  }
}
