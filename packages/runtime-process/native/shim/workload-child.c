#define _GNU_SOURCE
#include "workload-child.h"

#include "files.h"

#include "../exec-search.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { kernel_sigset_bytes = 8, open_files_soft_limit = 1024, moved_from = 16 };

static _Noreturn void fail(const struct workload_child *child, enum aurae_spawn_step step, const char *detail) {
  struct aurae_spawn_failure failure = {.step = (int32_t)step, .error = errno};
  shim_write(child->report, (const char *)&failure, sizeof failure);
  shim_write(child->report, detail, strlen(detail));
  _exit(127);
}

/* The raw call also reaches the two signals that glibc keeps to itself. All zero is SIG_DFL. */
static void reset_signals(void) {
  unsigned long default_action[8] = {0};
  for (int signal = 1; signal < NSIG; signal++) {
    syscall(SYS_rt_sigaction, signal, default_action, NULL, (size_t)kernel_sigset_bytes);
  }
  unsigned long no_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, (size_t)kernel_sigset_bytes);
}

static void enter_cgroups(const struct workload_child *child) {
  const struct string_list *cgroups = &child->settings->cgroups;
  for (size_t i = 0; i < cgroups->count; i++) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/cgroup.procs", cgroups->items[i]);
    errno = i == child->entered_cgroup           ? 0
            : length >= (int)sizeof path         ? ENAMETOOLONG
                                                 : shim_write_text(path, "0");
    if (errno != 0) {
      fail(child, AURAE_STEP_CGROUP, path);
    }
  }
}

/* Out of the way first: one could be overwritten before its turn. */
static void place_descriptors(const struct workload_child *child, int *report) {
  int moved[most_child_descriptors];
  *report = fcntl(child->report, F_DUPFD_CLOEXEC, moved_from);
  for (int i = 0; i < child->descriptor_count; i++) {
    moved[i] = fcntl(child->descriptors[i], F_DUPFD_CLOEXEC, moved_from);
    if (moved[i] < 0) {
      fail(child, AURAE_STEP_STDIO, "");
    }
  }
  for (int i = 0; i < child->descriptor_count; i++) {
    if (dup2(moved[i], i) < 0) {
      fail(child, AURAE_STEP_STDIO, "");
    }
  }
}

/* close_range(2) with this flag is in Linux 5.11; whatever the shim has opened itself closes on exec anyway. */
static void close_the_rest(const struct workload_child *child) {
  unsigned int first = (unsigned int)child->descriptor_count;
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    return;
  }
  for (int descriptor = (int)first; descriptor < open_files_soft_limit; descriptor++) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
}

static void set_limits(const struct workload_child *child) {
  const struct shim_settings *settings = child->settings;
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != open_files_soft_limit) {
    /* Programs that use select(2) break above 1024. */
    files.rlim_cur = files.rlim_max < open_files_soft_limit ? files.rlim_max : open_files_soft_limit;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  for (size_t i = 0; i < settings->limit_count; i++) {
    const struct shim_limit *limit = &settings->limits[i];
    if (setrlimit((__rlimit_resource_t)limit->resource, &limit->values) != 0) {
      char detail[96];
      int error = errno;
      snprintf(detail, sizeof detail, "limit=%d:%llu:%llu", limit->resource,
               (unsigned long long)limit->values.rlim_cur, (unsigned long long)limit->values.rlim_max);
      errno = error;
      fail(child, AURAE_STEP_RESOURCE_LIMIT, detail);
    }
  }
}

void workload_child_run(const struct workload_child *original) {
  struct workload_child copy = *original;
  const struct workload_child *child = &copy;
  reset_signals();
  if (setsid() < 0) {
    fail(child, AURAE_STEP_SESSION, "");
  }
  enter_cgroups(child);
  place_descriptors(child, &copy.report);
  if (child->settings->has_terminal && ioctl(0, TIOCSCTTY, 0) != 0) {
    fail(child, AURAE_STEP_TERMINAL, "");
  }
  close_the_rest(child);
  set_limits(child);
  umask(child->settings->umask);
  if (chdir(child->directory) != 0) {
    fail(child, AURAE_STEP_DIRECTORY, child->directory);
  }
  errno = aurae_exec_search(child->file, child->arguments, child->environment, child->shell_arguments);
  fail(child, AURAE_STEP_EXEC, child->file);
}
