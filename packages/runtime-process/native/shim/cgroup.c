#define _GNU_SOURCE
#include "cgroup.h"

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { freeze_looks = 20, look_pause_ns = 1000000 };

static int write_in(const char *directory, const char *name, const char *text) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) {
    return ENAMETOOLONG;
  }
  return shim_write_text(path, text);
}

static bool says(const char *directory, const char *name, const char *words) {
  char path[PATH_MAX];
  char text[512];
  return snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path &&
         shim_read_text(path, text, sizeof text) && strstr(text, words) != NULL;
}

static uint64_t count_oom_kills(const struct shim_settings *settings) {
  char text[1024];
  if (settings->cgroup_events == NULL || !shim_read_text(settings->cgroup_events, text, sizeof text)) {
    return 0;
  }
  static const char name[] = "oom_kill ";
  const char *line = strstr(text, name);
  /* "oom_kill_disable" and "oom_group_kill" stand on lines of their own, and do not match. */
  return line == NULL ? 0 : strtoull(line + sizeof name - 1, NULL, 10);
}

int shim_cgroups_make(struct shim_cgroups *cgroups, const struct shim_settings *settings, struct shim_failure *failure) {
  cgroups->settings = settings;
  for (size_t i = 0; i < settings->cgroups.count; i++) {
    const char *path = settings->cgroups.items[i];
    if (mkdir(path, 0755) != 0) {
      return shim_fail(failure, AURAE_STEP_CGROUP, errno, "%s", path);
    }
    /* The shim's own umask is meant for files that only it reads. */
    chmod(path, 0755);
    cgroups->made++;
  }
  for (size_t i = 0; i < settings->cgroup_values.count; i++) {
    const char *setting = settings->cgroup_values.items[i];
    const char *value = strchr(setting, '=');
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%.*s", (int)(value - setting), setting);
    int error = length >= (int)sizeof path ? ENAMETOOLONG : shim_write_text(path, value + 1);
    if (error != 0) {
      return shim_fail(failure, AURAE_STEP_CGROUP, error, "%s", setting);
    }
  }
  cgroups->oom_kills_before = count_oom_kills(settings);
  return 0;
}

int shim_cgroup_open_version_2(const struct shim_settings *settings, size_t *index) {
  for (size_t i = 0; i < settings->cgroups.count; i++) {
    int directory = open(settings->cgroups.items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct statfs file_system;
    if (directory >= 0 && fstatfs(directory, &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC) {
      *index = i;
      return directory;
    }
    shim_close(&directory);
  }
  return -1;
}

bool shim_cgroups_kill(const struct shim_cgroups *cgroups) {
  const char *path = cgroups->settings->cgroup_kill;
  return path != NULL && write_in(path, "cgroup.kill", "1") == 0;
}

/* The kernel freezes one process after the other, and tells when it is done by no event that version 1 has too. */
static void wait_until(const char *directory, const char *name, const char *words) {
  struct timespec pause = {.tv_nsec = look_pause_ns};
  for (int look = 0; look < freeze_looks && !says(directory, name, words); look++) {
    nanosleep(&pause, NULL);
  }
}

bool shim_cgroups_freeze(const struct shim_cgroups *cgroups) {
  const struct shim_settings *settings = cgroups->settings;
  if (settings->cgroup_kill != NULL && write_in(settings->cgroup_kill, "cgroup.freeze", "1") == 0) {
    wait_until(settings->cgroup_kill, "cgroup.events", "frozen 1");
    return true;
  }
  if (settings->cgroup_freezer != NULL && write_in(settings->cgroup_freezer, "freezer.state", "FROZEN") == 0) {
    wait_until(settings->cgroup_freezer, "freezer.state", "FROZEN");
    return true;
  }
  return false;
}

void shim_cgroups_thaw(const struct shim_cgroups *cgroups) {
  if (cgroups->settings->cgroup_kill != NULL) {
    write_in(cgroups->settings->cgroup_kill, "cgroup.freeze", "0");
  }
  if (cgroups->settings->cgroup_freezer != NULL) {
    write_in(cgroups->settings->cgroup_freezer, "freezer.state", "THAWED");
  }
}

bool shim_cgroups_had_oom_kill(const struct shim_cgroups *cgroups) {
  return count_oom_kills(cgroups->settings) > cgroups->oom_kills_before;
}
