#define _GNU_SOURCE
#include "process-table.h"

#include "descriptors.h"
#include "user-switch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Only our end is non-blocking: the two ends of a pipe are separate open file descriptions. */
static int open_capture(struct aurae_process *process, size_t channel) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return errno;
  }
  struct aurae_capture *capture = &process->captures[channel];
  capture->descriptor = ends[0];
  capture->limit_bytes = process->start.capture_limit_bytes;
  process->writers[channel] = ends[1];
  if (aurae_is_reserved(ends[1])) {
    return EMFILE;
  }
  return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static int spawn_as_user(struct aurae_process *process, const struct aurae_spawn_request *request,
                         struct aurae_spawned *spawned) {
  const struct aurae_start *start = &process->start;
  struct aurae_spawn_failure *failure = &process->failure;
  struct aurae_user_switch switching;
  int error = aurae_user_switch_prepare(&switching, request, start->trampoline, start->user);
  int result = -1;
  if (error == 0) {
    /* The trampoline finds its two descriptors at 3 and 4; the linker of a root process gets no environment. */
    int stdio[] = {request->stdio[0], request->stdio[1], request->stdio[2], switching.report_writer,
                   switching.environment};
    char *no_environment[] = {NULL};
    struct aurae_spawn_request trampoline = *request;
    trampoline.file = start->trampoline;
    trampoline.arguments = switching.arguments;
    trampoline.environment = no_environment;
    trampoline.directory = "/";
    trampoline.stdio = stdio;
    trampoline.stdio_count = sizeof stdio / sizeof *stdio;
    result = aurae_spawn(&trampoline, spawned, failure);
    /* Too long are only the command's own arguments: its environment goes another way. */
    if (result != 0 && failure->step == AURAE_STEP_EXEC && failure->error != E2BIG) {
      failure->step = AURAE_STEP_TRAMPOLINE;
    }
  } else {
    *failure = (struct aurae_spawn_failure){.step = AURAE_STEP_PREPARE, .error = error};
  }
  aurae_user_switch_started(&switching);
  if (result == 0) {
    process->report = switching.report;
  } else {
    aurae_close_if_open(&switching.report);
  }
  return result;
}

static void spawn_process(struct aurae_process *process) {
  const struct aurae_start *start = &process->start;
  struct aurae_spawn_request request = {
      .file = start->file,
      .arguments = start->arguments,
      .environment = start->environment,
      .directory = start->directory,
      .stdio = start->stdio,
      .stdio_count = start->stdio_count,
      .parent_death_signal = start->parent_death_signal,
      .controlling_terminal = start->controlling_terminal,
      .cgroup = start->cgroup,
  };
  struct aurae_spawned spawned = {.pid = 0, .pidfd = -1};
  int result = start->user == NULL ? aurae_spawn(&request, &spawned, &process->failure)
                                   : spawn_as_user(process, &request, &spawned);
  if (result == 0) {
    process->pid = spawned.pid;
    process->pidfd = spawned.pidfd;
  }
}

/* Replaces the captured entries of the standard descriptors by the write ends of new pipes. Returns 0 or errno. */
static int open_captures(struct aurae_process *process) {
  struct aurae_start *start = &process->start;
  for (size_t channel = 0; channel < AURAE_CHANNELS; channel++) {
    size_t index = channel + 1;
    if (index >= start->stdio_count || start->stdio[index] != AURAE_CAPTURED) {
      continue;
    }
    int error = open_capture(process, channel);
    if (error != 0) {
      return error;
    }
    start->stdio[index] = process->writers[channel];
  }
  return 0;
}

/* On the starter's thread. */
static void start_process(struct aurae_job *job) {
  struct aurae_process *process = (struct aurae_process *)job;
  struct aurae_process_table *table = process->table;
  int queued = AURAE_START_QUEUED;
  bool wanted = atomic_compare_exchange_strong(&process->start_state, &queued, AURAE_START_TAKEN);
  process->failure.error = wanted ? open_captures(process) : ECANCELED;
  if (process->failure.error != 0) {
    process->failure.step = AURAE_STEP_PREPARE;
  } else {
    spawn_process(process);
  }
  aurae_close_if_open(&process->writers[0]);
  aurae_close_if_open(&process->writers[1]);
  /* Under the mutex also the wake: once it is free the event loop may close the handle. */
  pthread_mutex_lock(&table->started_mutex);
  process->next_started = table->started;
  table->started = process;
  uv_async_send(&table->wake);
  pthread_mutex_unlock(&table->started_mutex);
}

bool aurae_process_cancel_start(struct aurae_process *process) {
  int queued = AURAE_START_QUEUED;
  return atomic_compare_exchange_strong(&process->start_state, &queued, AURAE_START_CANCELLED) ||
         queued == AURAE_START_CANCELLED;
}

int aurae_process_start(struct aurae_process_table *table, const struct aurae_start *start,
                        struct aurae_process **started) {
  struct aurae_process *process = calloc(1, sizeof *process);
  if (process == NULL) {
    return ENOMEM;
  }
  process->table = table;
  process->start = *start;
  process->pidfd = -1;
  process->report = -1;
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    process->captures[i].descriptor = -1;
    process->captures[i].epoll = table->epoll;
    process->writers[i] = -1;
  }
  process->job.run = start_process;
  atomic_init(&process->start_state, AURAE_START_QUEUED);
  table->budget.limit_bytes = start->capture_budget_bytes;
  aurae_process_link(process);
  aurae_process_set_referenced(process, true);
  table->starting_count++;
  int error = aurae_starter_submit(&process->job);
  if (error != 0) {
    table->starting_count--;
    aurae_process_forget(process);
    return error;
  }
  *started = process;
  return 0;
}
