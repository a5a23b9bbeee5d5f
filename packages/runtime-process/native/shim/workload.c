#define _GNU_SOURCE
#include "workload.h"

#include "cgroup.h"
#include "files.h"
#include "fork-into.h"
#include "terminal.h"
#include "workload-child.h"

#include "../exec-search.h"
#include "../user-switch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a failure of the child is read: the struct, then the detail as text. */
struct child_report {
  struct aurae_spawn_failure failure;
  char detail[500];
};

static void close_all(int *descriptors, int count) {
  for (int i = 0; i < count; i++) {
    shim_close(&descriptors[i]);
  }
}

void workload_close_ends(struct workload_ends *ends) {
  if (ends->input == ends->output[0]) {
    ends->input = -1; /* the master of a terminal is both */
  }
  shim_close(&ends->input);
  close_all(ends->output, 2);
}

/* One end for each side: only the shim's is made non-blocking, since that is a property the two ends do not share. */
static int open_pipe(int *ours, int *theirs, int ours_is) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) {
    return errno;
  }
  *ours = pair[ours_is];
  *theirs = pair[1 - ours_is];
  return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static int open_pipes(const struct shim_settings *settings, struct workload_ends *ends, int *stdio) {
  int error = 0;
  if (settings->has_stdin) {
    error = open_pipe(&ends->input, &stdio[0], 1);
  } else {
    stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    error = stdio[0] < 0 ? errno : 0;
  }
  for (int i = 0; i < 2 && error == 0; i++) {
    error = open_pipe(&ends->output[i], &stdio[i + 1], 0);
  }
  return error;
}

static int open_stdio(const struct shim_settings *settings, struct workload_ends *ends, int *stdio,
                      struct shim_failure *failure) {
  if (!settings->has_terminal) {
    int error = open_pipes(settings, ends, stdio);
    return error == 0 ? 0 : shim_fail(failure, AURAE_STEP_STDIO, error, "pipes");
  }
  int error = terminal_open(settings->rows, settings->columns, &ends->output[0], &stdio[0]);
  if (error != 0) {
    return shim_fail(failure, AURAE_STEP_TERMINAL, error, "/dev/ptmx");
  }
  ends->input = ends->output[0];
  for (int i = 1; i < 3; i++) {
    stdio[i] = fcntl(stdio[0], F_DUPFD_CLOEXEC, 0);
    if (stdio[i] < 0) {
      return shim_fail(failure, AURAE_STEP_STDIO, errno, "terminal");
    }
  }
  return 0;
}

static pid_t start_child(struct workload_child *child) {
  int cgroup = shim_cgroup_open_version_2(child->settings, &child->entered_cgroup);
  pid_t pid = shim_fork_into(cgroup);
  if (pid < 0) {
    child->entered_cgroup = SIZE_MAX;
    pid = fork();
  }
  if (pid == 0) {
    workload_child_run(child);
  }
  shim_close(&cgroup);
  return pid;
}

/* Reads what the child reports to its end. ECANCELED when the launcher died meanwhile. */
static int read_child_report(int reader, int launcher, struct child_report *report, size_t *length) {
  struct pollfd waiting[] = {{.fd = reader, .events = POLLIN}, {.fd = launcher, .events = POLLIN}};
  *length = 0;
  for (;;) {
    if (poll(waiting, 2, -1) < 0) {
      continue;
    }
    if (waiting[0].revents != 0) {
      ssize_t count = read(reader, (char *)report + *length, sizeof *report - 1 - *length);
      if (count == 0) {
        return 0;
      }
      *length += count > 0 ? (size_t)count : 0;
    } else if (waiting[1].revents != 0) {
      return ECANCELED;
    }
  }
}

static int explain(const struct shim_settings *settings, struct child_report *report, size_t length,
                   struct shim_failure *failure) {
  ((char *)report)[length] = '\0';
  int step = report->failure.step;
  bool has_detail = length > sizeof report->failure;
  if (settings->user != NULL && has_detail && step == AURAE_STEP_EXEC) {
    /* Too long are only the workload's own arguments: its environment goes another way. */
    step = report->failure.error == E2BIG ? AURAE_STEP_EXEC : AURAE_STEP_TRAMPOLINE;
    has_detail = step == AURAE_STEP_TRAMPOLINE;
  }
  const char *detail = has_detail                                                        ? report->detail
                       : step == AURAE_STEP_EXEC                                         ? settings->file
                       : step == AURAE_STEP_DIRECTORY                                    ? settings->cwd
                       : step == AURAE_STEP_USER || step == AURAE_STEP_CREDENTIALS ? settings->user
                                                                                         : "";
  return shim_fail(failure, (enum aurae_spawn_step)step, report->failure.error, "%s", detail);
}

static int await_program(const struct shim_settings *settings, int reader, int launcher, pid_t pid,
                         struct shim_failure *failure) {
  struct child_report report;
  size_t length = 0;
  int error = read_child_report(reader, launcher, &report, &length);
  if (error == 0 && length < sizeof report.failure) {
    return 0;
  }
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
  return error != 0 ? shim_fail(failure, AURAE_STEP_PREPARE, error, "the launcher is gone")
                    : explain(settings, &report, length, failure);
}

static int run(struct workload_child *child, int *report_writer, int reader, int launcher, pid_t *pid,
               struct shim_failure *failure) {
  child->shell_arguments = calloc(aurae_vector_length(child->arguments) + 3, sizeof *child->shell_arguments);
  if (child->shell_arguments == NULL) {
    return shim_fail(failure, AURAE_STEP_PREPARE, ENOMEM, "arguments");
  }
  child->report = *report_writer;
  *pid = start_child(child);
  int error = errno;
  free(child->shell_arguments);
  shim_close(report_writer);
  if (*pid < 0) {
    return shim_fail(failure, AURAE_STEP_CLONE, error, "fork");
  }
  close_all(child->descriptors, 3);
  return await_program(child->settings, reader, launcher, *pid, failure);
}

static int run_as_self(struct workload_child *child, int launcher, pid_t *pid, struct shim_failure *failure) {
  const struct shim_settings *settings = child->settings;
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    return shim_fail(failure, AURAE_STEP_PREPARE, errno, "pipes");
  }
  child->file = settings->file;
  child->arguments = settings->arguments.items;
  child->environment = settings->environment.items;
  child->directory = settings->cwd;
  int result = run(child, &report[1], report[0], launcher, pid, failure);
  close_all(report, 2);
  return result;
}

static int run_as_user(struct workload_child *child, int launcher, pid_t *pid, struct shim_failure *failure) {
  const struct shim_settings *settings = child->settings;
  struct aurae_spawn_request request = {.file = settings->file,
                                        .arguments = settings->arguments.items,
                                        .environment = settings->environment.items,
                                        .directory = settings->cwd};
  struct aurae_user_switch switching;
  int error = aurae_user_switch_prepare(&switching, &request, settings->trampoline, settings->user);
  int result = 0;
  if (error == 0) {
    /* The linker of a root process gets no environment: the trampoline hands it on. */
    char *no_environment[] = {NULL};
    child->descriptors[3] = switching.report_writer;
    child->descriptors[4] = switching.environment;
    child->descriptor_count = 5;
    child->file = settings->trampoline;
    child->arguments = switching.arguments;
    child->environment = no_environment;
    child->directory = "/";
    result = run(child, &switching.report_writer, switching.report, launcher, pid, failure);
  } else {
    result = shim_fail(failure, AURAE_STEP_PREPARE, error, "user switch");
  }
  aurae_user_switch_started(&switching);
  shim_close(&switching.report);
  return result;
}

int workload_start(const struct shim_settings *settings, int launcher, pid_t *pid, struct workload_ends *ends,
                   struct shim_failure *failure) {
  struct workload_child child = {
      .settings = settings, .descriptors = {-1, -1, -1, -1, -1}, .descriptor_count = 3, .report = -1};
  *ends = (struct workload_ends){.input = -1, .output = {-1, -1}};
  int result = open_stdio(settings, ends, child.descriptors, failure);
  if (result == 0) {
    result = settings->user == NULL ? run_as_self(&child, launcher, pid, failure)
                                    : run_as_user(&child, launcher, pid, failure);
  }
  if (result == 0 && settings->has_terminal && settings->user != NULL) {
    terminal_give_to(ends->output[0], *pid);
  }
  close_all(child.descriptors, 3);
  if (result != 0) {
    workload_close_ends(ends);
  }
  return result;
}
