#define _GNU_SOURCE
#include "user-switch.h"

#include "exec-search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { leading_arguments = 5 };

static int write_all(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    if (written > 0) {
      bytes += written;
      count -= (size_t)written;
    }
  }
  return 0;
}

static int store_environment(int descriptor, char *const environment[]) {
  for (size_t i = 0; environment[i] != NULL; i++) {
    int error = write_all(descriptor, environment[i], strlen(environment[i]) + 1);
    if (error != 0) {
      return error;
    }
  }
  return 0;
}

int aurae_user_switch_prepare(struct aurae_user_switch *switching, const struct aurae_spawn_request *request,
                              const char *trampoline, const char *user) {
  *switching = (struct aurae_user_switch){.report = -1, .report_writer = -1, .environment = -1};
  size_t count = aurae_vector_length(request->arguments);
  switching->arguments = calloc(leading_arguments + count + 1, sizeof *switching->arguments);
  if (switching->arguments == NULL) {
    return ENOMEM;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return errno;
  }
  switching->report = ends[0];
  switching->report_writer = ends[1];
  switching->environment = memfd_create("aurae-environment", MFD_CLOEXEC);
  if (switching->environment < 0) {
    return errno;
  }
  snprintf(switching->parent, sizeof switching->parent, "%d", request->parent_death_signal == 0 ? 0 : getpid());

  /* execve takes its vector without const, and does not write to it. */
  switching->arguments[0] = (char *)trampoline;
  switching->arguments[1] = (char *)user;
  switching->arguments[2] = switching->parent;
  switching->arguments[3] = (char *)request->directory;
  switching->arguments[4] = (char *)request->file;
  memcpy(switching->arguments + leading_arguments, request->arguments, count * sizeof *switching->arguments);
  return store_environment(switching->environment, request->environment);
}

static void close_if_open(int *descriptor) {
  if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
}

void aurae_user_switch_started(struct aurae_user_switch *switching) {
  close_if_open(&switching->report_writer);
  close_if_open(&switching->environment);
  free(switching->arguments);
  switching->arguments = NULL;
}

int aurae_user_switch_failed(int report, struct aurae_spawn_failure *failure) {
  ssize_t count = read(report, failure, sizeof *failure);
  close(report);
  return count == (ssize_t)sizeof *failure;
}
