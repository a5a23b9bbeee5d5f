#define _GNU_SOURCE
#include "process-table.h"

#include "descriptors.h"
#include "readiness.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { events_in_a_batch = 64, teardown_limit_ms = 1000 };

static void update_reference(struct aurae_process_table *table) {
  if (table->referenced_count > 0) {
    uv_ref((uv_handle_t *)&table->poll);
  } else {
    uv_unref((uv_handle_t *)&table->poll);
  }
}

void aurae_table_count_reference(struct aurae_process_table *table, bool referenced) {
  table->referenced_count += referenced ? 1U : (size_t)-1;
  update_reference(table);
}

void aurae_process_set_referenced(struct aurae_process *process, bool referenced) {
  if (process->referenced == referenced) {
    return;
  }
  process->referenced = referenced;
  aurae_table_count_reference(process->table, referenced);
}

struct aurae_process *aurae_process_find(const struct aurae_process_table *table, uint64_t id) {
  struct aurae_process *process = table->live;
  while (process != NULL && process->id != id) {
    process = process->next;
  }
  return process;
}

void aurae_process_link(struct aurae_process *process) {
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
  aurae_readiness_free_done(table);
}

void aurae_process_forget(struct aurae_process *process) {
  if (process->forgotten) {
    return;
  }
  struct aurae_process_table *table = process->table;
  process->forgotten = true;
  aurae_process_follow(process, NULL);
  aurae_process_set_referenced(process, false);
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    aurae_capture_close(&process->captures[i], &table->budget);
  }
  aurae_close_watched(process->table->epoll, &process->pidfd);
  aurae_close_if_open(&process->report);
  unlink_process(process);
  process->next = table->forgotten;
  table->forgotten = process;
  if (!table->dispatching) {
    free_forgotten(table);
  }
}

void aurae_process_follow(struct aurae_process *process, napi_ref on_output) {
  if (process->on_output != NULL) {
    napi_delete_reference(process->table->env, process->on_output);
  }
  process->on_output = on_output;
}

static void dispatch(struct aurae_watch *watch, uint32_t events) {
  struct aurae_process *process = watch->process;
  if (process == NULL) {
    aurae_readiness_dispatch(watch, events);
    return;
  }
  if (process->forgotten) {
    return;
  }
  if (watch->capture != NULL) {
    aurae_capture_read(watch->capture, &process->table->budget);
    if (process->on_output != NULL) {
      aurae_process_report_output(process);
    }
  } else if (process->pidfd >= 0) {
    aurae_process_ended(process);
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
    dispatch(batch[i].data.ptr, batch[i].events);
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
      aurae_process_kill_and_reap(process, teardown_limit_ms);
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
  aurae_readiness_release_all(table);
  uint64_t deadline = uv_hrtime() / 1000000U + teardown_limit_ms;
  while (table->live != NULL) {
    struct aurae_process *process = table->live;
    uint64_t now = uv_hrtime() / 1000000U;
    if (process->start.parent_death_signal != 0) {
      aurae_process_kill_and_reap(process, now < deadline ? (int)(deadline - now) : 0);
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
