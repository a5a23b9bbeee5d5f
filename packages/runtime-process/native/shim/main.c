/*
 * aurae-shim LABEL: starts one workload, and looks after it for as long as it lives. See README.md.
 */
#define _GNU_SOURCE
#include "clients.h"
#include "control-socket.h"
#include "files.h"
#include "launcher.h"
#include "lifetime.h"
#include "shim.h"
#include "start.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { report_descriptor = 1, settings_descriptor = 3, first_stray_descriptor = 5 };

static bool report_start(const struct shim *shim) {
  char line[160];
  snprintf(line, sizeof line, "ok %d %" PRIu64 " %d %" PRIu64 " %" PRId64 " %" PRIu64 "\n", shim->pid,
           shim->start_time, shim->own_pid, shim->own_start_time, shim->started_at_ms, shim->log.first_sequence);
  return shim_report(shim->launcher.descriptor, line);
}

static void supervise(struct shim *shim) {
  bool reported = report_start(shim);
  shim->launcher.on_ready = lifetime_on_launcher;
  if (!reported) {
    shim_close_source(shim, &shim->launcher);
    lifetime_abandon(shim);
  } else {
    shim_watch(shim, &shim->launcher, EPOLLIN);
  }
  shim_run(shim);
  control_socket_remove(shim);
}

static void release(struct shim *shim) {
  while (shim->clients != NULL) {
    client_close(shim, shim->clients);
  }
  clients_free_closed(shim);
  for (int i = 0; i < 2; i++) {
    shim_close_source(shim, &shim->outputs[i].source);
  }
  if (!shim->settings.has_terminal) {
    shim_close_source(shim, &shim->input);
  }
  shim_close_source(shim, &shim->launcher);
  shim_close_source(shim, &shim->signals);
  shim_close(&shim->epoll);
  log_writer_close(&shim->log);
  shim_settings_free(&shim->settings);
}

static const struct source closed = {.descriptor = -1};

static int refuse(const struct shim_failure *failure) {
  return shim_report_failure(report_descriptor, failure) ? 0 : 1;
}

int main(void) {
  /* Whatever else was inherited is none of the shim's business, and might keep a pipe of the daemon open. */
  syscall(SYS_close_range, first_stray_descriptor, ~0U, 0U);
  static struct shim shim;
  shim = (struct shim){.epoll = -1,
                       .signals = closed,
                       .launcher = closed,
                       .listener = closed,
                       .input = closed,
                       .outputs = {{.source = closed, .flush_at_ms = SHIM_NEVER},
                                   {.source = closed, .flush_at_ms = SHIM_NEVER}},
                       .log = {.segment = -1},
                       .state_due_ms = SHIM_NEVER};
  struct shim_failure failure = {0};
  if (shim_settings_read(&shim.settings, settings_descriptor, &failure) != 0) {
    shim_settings_free(&shim.settings);
    return refuse(&failure);
  }
  close(settings_descriptor);
  const struct string_list *cgroups = &shim.settings.shim_cgroups;
  shim.launcher.descriptor = shim_launch(report_descriptor, cgroups->count == 0 ? NULL : cgroups->items[0]);
  if (shim.launcher.descriptor < 0) {
    shim_fail(&failure, AURAE_STEP_CLONE, errno, "aurae-shim");
    return refuse(&failure);
  }
  if (shim_start(&shim, &failure) == 0) {
    supervise(&shim);
  } else {
    shim_report_failure(shim.launcher.descriptor, &failure);
  }
  release(&shim);
  return 0;
}
