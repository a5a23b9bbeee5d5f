#ifndef AURAE_PROCESS_TABLE_H
#define AURAE_PROCESS_TABLE_H

#include "capture.h"
#include "spawn.h"
#include "starter.h"

#include <node_api.h>
#include <uv.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { AURAE_CHANNELS = 2, AURAE_MOST_STDIO = 16, AURAE_CAPTURED = -2 };

struct aurae_start {
  const char *file;
  char **arguments;
  char **environment;
  const char *directory;
  const char *user;       /* NULL: the daemon's own */
  const char *trampoline; /* path of aurae-exec; needed with `user` */
  int stdio[AURAE_MOST_STDIO]; /* -1 is /dev/null; entries 1 and 2 may be AURAE_CAPTURED */
  size_t stdio_count;
  bool controlling_terminal; /* stdio[0] is a terminal */
  int cgroup; /* open directory of a cgroup of version 2; stays the caller's. -1 for none */
  int parent_death_signal;
  size_t capture_limit_bytes; /* for each channel */
  size_t capture_budget_bytes;
  napi_ref on_start;
  napi_ref on_exit;
  void *owner; /* of the strings above: released once the process runs or has failed to */
  void (*release)(void *owner);
};

struct aurae_exit {
  int code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED; 0 when it cannot be known */
  int status; /* exit code, or number of the signal */
  uint64_t user_cpu_us;
  uint64_t system_cpu_us;
  uint64_t max_rss_bytes;
  bool group_alive;                   /* others of its process group were there when it had ended */
  struct aurae_spawn_failure failure; /* of aurae-exec; step 0 for none */
};

/* Of a start: who is first to take it out of the queue decides. */
enum aurae_start_state { AURAE_START_QUEUED, AURAE_START_TAKEN, AURAE_START_CANCELLED };

/* What an event of the epoll set is about: one of these for each descriptor of a process. */
struct aurae_watch {
  struct aurae_process *process; /* NULL: it is the head of a struct aurae_readiness */
  struct aurae_capture *capture; /* NULL: the pidfd */
};

struct aurae_process {
  struct aurae_job job; /* first: the starter hands it back */
  struct aurae_process_table *table;
  struct aurae_process *previous;
  struct aurae_process *next;
  uint64_t id;
  pid_t pid;
  int pidfd;  /* -1 once it has ended */
  int report; /* of aurae-exec, or -1 */
  bool referenced;
  bool ended;     /* and reported; what it wrote may still be here */
  bool forgotten;
  atomic_int start_state;
  struct aurae_process *next_started;
  struct aurae_start start;
  struct aurae_spawn_failure failure; /* step 0: it runs, or did */
  int writers[AURAE_CHANNELS];        /* the child's ends of the captures, until it runs */
  struct aurae_capture captures[AURAE_CHANNELS];
  struct aurae_watch watches[AURAE_CHANNELS + 1];
  napi_ref on_output; /* NULL: nobody follows the captures */
  struct aurae_exit exit;
};

/*
 * The live processes of one Node environment (the main thread or a worker), watched through one epoll set that is
 * itself watched by one libuv handle: a process costs no handle and no callback of its own.
 *
 * It ends with its environment: processes that are tied to the daemon's life are killed and reaped then.
 */
struct aurae_process_table {
  napi_env env;
  napi_async_context async_context;
  napi_async_cleanup_hook_handle cleanup_hook;
  uv_poll_t poll;
  int epoll;
  uv_async_t wake; /* the starter has put something on `started` */
  pthread_mutex_t started_mutex;
  struct aurae_process *started;
  uint64_t last_id;
  size_t referenced_count;
  size_t starting_count; /* in the hands of the starter */
  unsigned int open_handles;
  bool dispatching;
  bool closing;
  struct aurae_process *live;
  struct aurae_process *forgotten; /* freed after the current batch of events, which may still name them */
  struct aurae_readiness *waiting;
  struct aurae_readiness *done; /* freed with `forgotten` */
  struct aurae_capture_budget budget;
};

struct aurae_process_table *aurae_process_table_create(napi_env env);

/*
 * Begins a start; aurae_process_report_start tells how it went. Returns 0, or errno when memory or threads are short:
 * `start` stays the caller's then.
 */
int aurae_process_start(struct aurae_process_table *table, const struct aurae_start *start,
                        struct aurae_process **process);

/* True when the start had not begun: it is reported as failed by ECANCELED once its turn comes. */
bool aurae_process_cancel_start(struct aurae_process *process);

struct aurae_process *aurae_process_find(const struct aurae_process_table *table, uint64_t id);

void aurae_process_set_referenced(struct aurae_process *process, bool referenced);

/* Takes over the reference, which is called when output was captured; NULL ends that. */
void aurae_process_follow(struct aurae_process *process, napi_ref on_output);

/* Releases all that it holds. It must have ended, or its end must be of no interest. */
void aurae_process_forget(struct aurae_process *process);

/* Whether something holds the event loop, one more or one less. */
void aurae_table_count_reference(struct aurae_process_table *table, bool referenced);

/* Gives it its id and its place among the live ones. */
void aurae_process_link(struct aurae_process *process);

/* Its pidfd has become readable: reaps it and reports its end. */
void aurae_process_ended(struct aurae_process *process);

/* Waits at most so long for its end. */
void aurae_process_kill_and_reap(struct aurae_process *process, int limit_ms);

/* Tell JavaScript that it runs or could not be started, that output was captured, and that it has ended. */
void aurae_process_report_start(struct aurae_process *process);
void aurae_process_report_output(struct aurae_process *process);
void aurae_process_report_exit(struct aurae_process *process);

#endif
