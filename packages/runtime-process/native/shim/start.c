#define _GNU_SOURCE
#include "start.h"

#include "control-socket.h"
#include "input.h"
#include "lifetime.h"
#include "output.h"
#include "process-stat.h"
#include "process-tree.h"
#include "signals.h"
#include "status-files.h"
#include "stop-ladder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { lock_descriptor = 4 };

/* In a session of its own: whoever ends the launcher's group means the launcher. */
static int become_shim(struct shim *shim, struct shim_failure *failure) {
  setsid();
  umask(077);
  struct process_stat own;
  shim->own_pid = getpid();
  shim->own_start_time = process_stat_read(shim->own_pid, &own) ? own.start_time : 0;
  fcntl(lock_descriptor, F_SETFD, FD_CLOEXEC);
  if (dup2(0, 1) < 0 || chdir("/") != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0) {
    return shim_fail(failure, AURAE_STEP_PREPARE, errno, "aurae-shim");
  }
  shim->epoll = epoll_create1(EPOLL_CLOEXEC);
  int error = shim->epoll < 0 ? errno : signals_open(shim);
  return error == 0 ? 0 : shim_fail(failure, AURAE_STEP_PREPARE, error, "epoll, signalfd");
}

static int open_log(struct shim *shim, struct shim_failure *failure) {
  const struct shim_settings *settings = &shim->settings;
  int error = log_writer_open(&shim->log, settings->log, settings->log_sequence, settings->log_segment_bytes,
                              settings->log_segments);
  return error == 0 ? 0 : shim_fail(failure, AURAE_STEP_LOG, error, "%s", settings->log);
}

static int listen_for_clients(struct shim *shim, struct shim_failure *failure) {
  int error = control_socket_listen(shim);
  return error == 0 ? 0 : shim_fail(failure, AURAE_STEP_SOCKET, error, "%s", shim->settings.socket);
}

static void watch_ends(struct shim *shim, const struct workload_ends *ends) {
  shim->input = (struct source){.descriptor = ends->input, .on_ready = input_on_ready};
  for (int i = 0; i < 2; i++) {
    struct output *output = &shim->outputs[i];
    *output = (struct output){.source = {.descriptor = ends->output[i], .on_ready = output_on_ready},
                              .flush_at_ms = SHIM_NEVER};
    if (ends->output[i] >= 0) {
      shim_watch(shim, &output->source, EPOLLIN);
    }
  }
}

static void end_and_reap(struct shim *shim) {
  do {
    stop_ladder_kill(shim);
    process_tree_signal(SIGKILL);
  } while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR);
}

static int run_workload(struct shim *shim, struct shim_failure *failure) {
  struct workload_ends ends;
  if (workload_start(&shim->settings, shim->launcher.descriptor, &shim->pid, &ends, failure) != 0) {
    return -1;
  }
  shim->started_at_ms = shim_milliseconds(CLOCK_REALTIME);
  watch_ends(shim, &ends);
  struct process_stat stat;
  shim->start_time = process_stat_read(shim->pid, &stat) ? stat.start_time : 0;
  int error = status_write_state(shim);
  if (error != 0) {
    end_and_reap(shim);
    return shim_fail(failure, AURAE_STEP_FILES, error, "%s/state", shim->settings.directory);
  }
  shim->state_written_ms = shim_now_ms();
  return 0;
}

int shim_start(struct shim *shim, struct shim_failure *failure) {
  if (become_shim(shim, failure) != 0) {
    return -1;
  }
  if (open_log(shim, failure) != 0 || status_files_prepare(shim, failure) != 0 ||
      listen_for_clients(shim, failure) != 0 || shim_cgroups_make(&shim->cgroups, &shim->settings, failure) != 0 ||
      run_workload(shim, failure) != 0) {
    lifetime_undo(shim);
    return -1;
  }
  shim_settings_started(&shim->settings);
  return 0;
}
