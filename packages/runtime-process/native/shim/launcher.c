#define _GNU_SOURCE
#include "launcher.h"

#include "files.h"
#include "fork-into.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A line of a step, an errno and a detail fits. */
enum { longest_report = 1024 };

static size_t read_report(int shim, char *report) {
  size_t length = 0;
  while (length < longest_report) {
    ssize_t count = read(shim, report + length, longest_report - length);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return 0;
    }
    length += (size_t)count;
    if (report[length - 1] == '\n') {
      return length;
    }
  }
  return 0;
}

static _Noreturn void be_launcher(int shim, int report) {
  char line[longest_report];
  size_t length = read_report(shim, line);
  if (length == 0) {
    exit(1);
  }
  shim_write(shim, "!", 1);
  shim_write(report, line, length);
  exit(0);
}

static pid_t fork_shim(const char *cgroup) {
  int directory = cgroup == NULL ? -1 : open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
  pid_t shim = shim_fork_into(directory);
  if (shim < 0) {
    shim = fork();
  }
  shim_close(&directory);
  return shim;
}

int shim_launch(int report, const char *cgroup) {
  int ends[2];
  signal(SIGPIPE, SIG_IGN);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return -1;
  }
  pid_t shim = fork_shim(cgroup);
  if (shim < 0) {
    close(ends[0]);
    close(ends[1]);
    return -1;
  }
  if (shim > 0) {
    close(ends[0]);
    be_launcher(ends[1], report);
  }
  close(ends[1]);
  return ends[0];
}

enum shim_launcher_news shim_launcher_look(int launcher) {
  char byte;
  ssize_t count = 0;
  do {
    count = recv(launcher, &byte, 1, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count == 1 ? LAUNCHER_HAS_REPORT : count == 0 || errno != EAGAIN ? LAUNCHER_DEAD : LAUNCHER_WAITS;
}

bool shim_report(int launcher, const char *line) {
  size_t length = strlen(line);
  return shim_write(launcher, line, length) == length;
}

bool shim_report_failure(int launcher, const struct shim_failure *failure) {
  char line[longest_report];
  snprintf(line, sizeof line, "error %d %d %s\n", failure->step, failure->error, failure->detail);
  return shim_report(launcher, line);
}
