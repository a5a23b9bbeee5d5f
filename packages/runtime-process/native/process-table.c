#define _GNU_SOURCE
#include "process-table.h"

#include "user-switch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { events_in_a_batch = 64, teardown_limit_ms = 1000, reserved_descriptors = 64 };

static void close_if_open(int *descriptor) {
  if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
}

static void update_reference(struct aurae_process_table *table) {
  if (table->referenced_count > 0) {
    uv_ref((uv_handle_t *)&table->poll);
  } else {
    uv_unref((uv_handle_t *)&table->poll);
  }
}

void aurae_process_set_referenced(struct aurae_process *process, bool referenced) {
  struct aurae_process_table *table = process->table;
  if (process->referenced == referenced) {
    return;
  }
  process->referenced = referenced;
  table->referenced_count += referenced ? 1U : (size_t)-1;
  update_reference(table);
}

struct aurae_process *aurae_process_find(const struct aurae_process_table *table, uint64_t id) {
  struct aurae_process *process = table->live;
  while (process != NULL && process->id != id) {
    process = process->next;
  }
  return process;
}

static void link_process(struct aurae_process *process) {
  struct aurae_process_table *table = process->table;
  process->id = ++table->last_id;
  process->next = table->live;
  if (table->live != NULL) {
    table->live->previous = process;
  }
  table->live = process;
}

static void unlink_process(struct aurae_process *process) {
  if (process->next != NULL) {
    process->next->previous = process->previous;
  }
  if (process->previous != NULL) {
    process->previous->next = process->next;
  } else {
    process->table->live = process->next;
  }
}

static void free_forgotten(struct aurae_process_table *table) {
  while (table->forgotten != NULL) {
    struct aurae_process *process = table->forgotten;
    table->forgotten = process->next;
    free(process);
  }
}

void aurae_process_forget(struct aurae_process *process) {
  if (process->forgotten) {
    return;
  }
  struct aurae_process_table *table = process->table;
  process->forgotten = true;
  aurae_process_set_referenced(process, false);
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    aurae_capture_close(&process->captures[i], &table->budget);
  }
  aurae_close_watched(process->table->epoll, &process->pidfd);
  close_if_open(&process->report);
  unlink_process(process);
  process->next = table->forgotten;
  table->forgotten = process;
  if (!table->dispatching) {
    free_forgotten(table);
  }
}

static uint64_t microseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000U + (uint64_t)time.tv_usec;
}

/*
 * A process that was cloned with our memory inherits our peak as its own at execve(2): only a higher one tells of the
 * program. 0 where that is not known.
 */
static uint64_t own_peak_bytes(const struct rusage *usage) {
  struct rusage daemon;
  if (getrusage(RUSAGE_SELF, &daemon) != 0 || usage->ru_maxrss <= daemon.ru_maxrss) {
    return 0;
  }
  return (uint64_t)usage->ru_maxrss * 1024U;
}

/* The raw call, because glibc's waitid(2) does not hand over the resource usage. */
static void reap(struct aurae_process *process) {
  siginfo_t info = {0};
  struct rusage usage = {0};
  long result = -1;
  do {
    result = syscall(SYS_waitid, P_PIDFD, process->pidfd, &info, WEXITED | WNOHANG, &usage);
  } while (result < 0 && errno == EINTR);
  if (result == 0 && info.si_pid != 0) {
    process->exit.code = info.si_code;
    process->exit.status = info.si_status;
    process->exit.user_cpu_us = microseconds(usage.ru_utime);
    process->exit.system_cpu_us = microseconds(usage.ru_stime);
    process->exit.max_rss_bytes = own_peak_bytes(&usage);
  }
  aurae_close_watched(process->table->epoll, &process->pidfd);
}

static void process_ended(struct aurae_process *process) {
  reap(process);
  process->ended = true;
  /* Its pid cannot be taken by another group while members remain; the rare false alarm only costs a look. */
  process->exit.group_alive = kill(-process->pid, 0) == 0 || errno == EPERM;
  if (process->report >= 0) {
    aurae_user_switch_failed(process->report, &process->exit.failure);
    process->report = -1;
  }
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    aurae_capture_drain(&process->captures[i], &process->table->budget);
  }
  aurae_process_report_exit(process);
}

static void dispatch(const struct aurae_watch *watch) {
  struct aurae_process *process = watch->process;
  if (process->forgotten) {
    return;
  }
  if (watch->capture != NULL) {
    aurae_capture_read(watch->capture, &process->table->budget);
  } else if (process->pidfd >= 0) {
    process_ended(process);
  }
}

static void on_events(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  struct aurae_process_table *table = poll->data;
  struct epoll_event batch[events_in_a_batch];
  int count = epoll_wait(table->epoll, batch, events_in_a_batch, 0);
  table->dispatching = true;
  for (int i = 0; i < count; i++) {
    dispatch(batch[i].data.ptr);
  }
  table->dispatching = false;
  free_forgotten(table);
}

static int watch_descriptor(struct aurae_process *process, struct aurae_watch *watch, struct aurae_capture *capture,
                            int descriptor) {
  *watch = (struct aurae_watch){.process = process, .capture = capture};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
  return epoll_ctl(process->table->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

/*
 * Descriptors are given out from the lowest: a high one means that all below are taken. The last ones are kept for what
 * must not fail, such as looking for the processes that a command left behind.
 */
static bool is_reserved(int descriptor) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return false;
  }
  rlim_t quarter = limit.rlim_cur / 4;
  rlim_t reserved = quarter < reserved_descriptors ? quarter : reserved_descriptors;
  return (rlim_t)descriptor >= limit.rlim_cur - reserved;
}

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
  if (is_reserved(ends[1])) {
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
    close_if_open(&switching.report);
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
  };
  struct aurae_spawned spawned = {.pid = 0, .pidfd = -1};
  int result = start->user == NULL ? aurae_spawn(&request, &spawned, &process->failure)
                                   : spawn_as_user(process, &request, &spawned);
  if (result == 0) {
    process->pid = spawned.pid;
    process->pidfd = spawned.pidfd;
  }
}

static void kill_and_reap(struct aurae_process *process, int limit_ms) {
  if (process->pidfd < 0) {
    return;
  }
  syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0U);
  struct pollfd waiting = {.fd = process->pidfd, .events = POLLIN};
  if (poll(&waiting, 1, limit_ms) > 0) {
    reap(process);
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
  close_if_open(&process->writers[0]);
  close_if_open(&process->writers[1]);
  /* Under the mutex also the wake: once it is free the event loop may close the handle. */
  pthread_mutex_lock(&table->started_mutex);
  process->next_started = table->started;
  table->started = process;
  uv_async_send(&table->wake);
  pthread_mutex_unlock(&table->started_mutex);
}

static int watch_all(struct aurae_process *process) {
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    struct aurae_capture *capture = &process->captures[i];
    int error = capture->descriptor < 0 ? 0
                                        : watch_descriptor(process, &process->watches[i], capture, capture->descriptor);
    if (error != 0) {
      return error;
    }
  }
  return watch_descriptor(process, &process->watches[AURAE_CHANNELS], NULL, process->pidfd);
}

static void finish_tear_down(struct aurae_process_table *table);

/* Back on the event loop. */
static void process_started(struct aurae_process *process) {
  struct aurae_process_table *table = process->table;
  process->start.release(process->start.owner);
  table->starting_count--;
  if (table->closing) {
    return;
  }
  if (process->failure.step == 0) {
    int error = watch_all(process);
    if (error != 0) {
      process->failure = (struct aurae_spawn_failure){.step = AURAE_STEP_PREPARE, .error = error};
      kill_and_reap(process, teardown_limit_ms);
    }
  }
  /* First, so that JavaScript finds everything released; the memory itself stays until on_wake is done. */
  if (process->failure.step != 0) {
    aurae_process_forget(process);
  }
  aurae_process_report_start(process);
}

static void on_wake(uv_async_t *wake) {
  struct aurae_process_table *table = wake->data;
  pthread_mutex_lock(&table->started_mutex);
  struct aurae_process *process = table->started;
  table->started = NULL;
  pthread_mutex_unlock(&table->started_mutex);
  table->dispatching = true;
  while (process != NULL) {
    struct aurae_process *next = process->next_started;
    process_started(process);
    process = next;
  }
  table->dispatching = false;
  free_forgotten(table);
  if (table->closing) {
    finish_tear_down(table);
  }
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
  link_process(process);
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

static void on_handle_closed(uv_handle_t *handle) {
  struct aurae_process_table *table = handle->data;
  if (--table->open_handles > 0) {
    return;
  }
  close(table->epoll);
  pthread_mutex_destroy(&table->started_mutex);
  napi_remove_async_cleanup_hook(table->cleanup_hook);
  free(table);
}

static void close_handles(struct aurae_process_table *table) {
  uv_close((uv_handle_t *)&table->poll, on_handle_closed);
  uv_close((uv_handle_t *)&table->wake, on_handle_closed);
}

static void kill_tied(const struct aurae_process_table *table) {
  for (struct aurae_process *process = table->live; process != NULL; process = process->next) {
    if (process->start.parent_death_signal != 0 && process->pidfd >= 0) {
      syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0U);
    }
  }
}

/* Bounded, since even a killed process may hang in the kernel. */
static void release_all(struct aurae_process_table *table) {
  uint64_t deadline = uv_hrtime() / 1000000U + teardown_limit_ms;
  while (table->live != NULL) {
    struct aurae_process *process = table->live;
    uint64_t now = uv_hrtime() / 1000000U;
    if (process->start.parent_death_signal != 0) {
      kill_and_reap(process, now < deadline ? (int)(deadline - now) : 0);
    }
    if (process->start.on_start != NULL) {
      napi_delete_reference(table->env, process->start.on_start);
    }
    if (process->start.on_exit != NULL) {
      napi_delete_reference(table->env, process->start.on_exit);
    }
    aurae_process_forget(process);
  }
}

static void finish_tear_down(struct aurae_process_table *table) {
  if (table->starting_count > 0 || uv_is_closing((uv_handle_t *)&table->poll)) {
    return; /* the starter still works for us: on_wake comes back here */
  }
  kill_tied(table);
  release_all(table);
  napi_async_destroy(table->env, table->async_context);
  close_handles(table);
}

/* The environment ends: no JavaScript runs any more. */
static void tear_down(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  struct aurae_process_table *table = data;
  table->closing = true;
  finish_tear_down(table);
}

static bool open_handles(struct aurae_process_table *table) {
  uv_loop_t *loop = NULL;
  if (napi_get_uv_event_loop(table->env, &loop) != napi_ok ||
      uv_poll_init(loop, &table->poll, table->epoll) != 0) {
    return false;
  }
  if (uv_async_init(loop, &table->wake, on_wake) != 0) {
    uv_close((uv_handle_t *)&table->poll, NULL);
    return false;
  }
  table->open_handles = 2;
  table->poll.data = table;
  table->wake.data = table;
  uv_unref((uv_handle_t *)&table->wake);
  update_reference(table);
  return uv_poll_start(&table->poll, UV_READABLE, on_events) == 0;
}

static bool name_async_context(struct aurae_process_table *table) {
  napi_value name = NULL;
  return napi_create_string_utf8(table->env, "aurae.process", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_async_init(table->env, NULL, name, &table->async_context) == napi_ok;
}

/* Where it fails half way, what was opened stays until the process ends: it happens at most once, at the import. */
struct aurae_process_table *aurae_process_table_create(napi_env env) {
  struct aurae_process_table *table = calloc(1, sizeof *table);
  if (table == NULL) {
    return NULL;
  }
  table->env = env;
  table->epoll = epoll_create1(EPOLL_CLOEXEC);
  pthread_mutex_init(&table->started_mutex, NULL);
  if (table->epoll < 0 || !name_async_context(table) || !open_handles(table) ||
      napi_add_async_cleanup_hook(env, tear_down, table, &table->cleanup_hook) != napi_ok) {
    return NULL;
  }
  return table;
}
