#ifndef AURAE_SHIM_H
#define AURAE_SHIM_H

#include "cgroup.h"
#include "clock.h"
#include "log-writer.h"
#include "settings.h"
#include "workload.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct shim;

/* A descriptor in the epoll set, and who is told of its events. */
struct source {
  int descriptor; /* -1: closed */
  void (*on_ready)(struct shim *shim, struct source *source, uint32_t events);
};

struct output {
  struct source source; /* first */
  int64_t flush_at_ms;  /* when the line that has not ended is written */
  bool hung_up;         /* nobody has the terminal open; someone may open it again */
};

enum ladder_phase { LADDER_IDLE, LADDER_GRACE, LADDER_KILL };

struct stop_ladder {
  enum ladder_phase phase;
  int64_t next_at_ms;    /* the end of the grace period, then the next round */
  int64_t kill_since_ms;
  int64_t pause_ms;      /* between two rounds */
  bool requested;        /* by a client or SIGTERM: not just for what a main process left behind */
  bool stuck;
};

/* Ending: the process is gone, its status is not yet safe. Leaving: watchers take what is left. */
enum shim_phase { SHIM_RUNNING, SHIM_ENDING, SHIM_LEAVING, SHIM_DONE };

struct shim {
  struct shim_settings settings;
  struct shim_cgroups cgroups;
  struct log_writer log;
  struct stop_ladder ladder;
  enum shim_phase phase;
  int epoll;
  struct source signals;
  struct source launcher; /* until it has the report */
  struct source listener;
  struct source input; /* shares the descriptor of outputs[0] with a terminal */
  struct output outputs[2];
  struct client *clients;
  size_t client_count;
  struct client *closed_clients; /* freed after the batch of events, which may still name them */
  uint64_t socket_device;        /* of the socket that is ours to remove */
  uint64_t socket_inode;
  pid_t own_pid;
  uint64_t own_start_time;
  pid_t pid; /* the main process */
  uint64_t start_time;
  int64_t started_at_ms; /* Unix time */
  int64_t ended_at_ms;
  bool main_ended;
  int wait_status;
  bool abandoned; /* the launcher died too early: nothing is to be left */
  uint64_t known_lost;       /* of the log, as the state file has it */
  uint64_t known_begun;      /* its segments, as of then */
  int64_t state_written_ms;
  int64_t state_due_ms;      /* SHIM_NEVER: the state file is up to date */
  int64_t ending_since_ms;
  int64_t exit_due_ms;       /* the next attempt to write the exit file */
  int64_t leave_by_ms;
  bool ended_was_read;       /* by somebody, from the socket */
  char ended[1024];          /* the exit file's text */
};

/* event-loop.c */
int shim_watch(struct shim *shim, struct source *source, uint32_t events); /* 0 or errno */
void shim_rewatch(struct shim *shim, struct source *source, uint32_t events);
void shim_unwatch(struct shim *shim, struct source *source);
void shim_close_source(struct shim *shim, struct source *source);
void shim_run(struct shim *shim);

#endif
