#define _GNU_SOURCE
#include "stop-ladder.h"

#include "process-tree.h"
#include "status-files.h"

#include <signal.h>

enum { first_pause_ms = 4, longest_pause_ms = 1000, stuck_after_ms = 5000 };

/* Frozen where that is possible: nothing can be forked past the signal. */
void workload_signal_all(struct shim *shim, int signal) {
  bool frozen = shim_cgroups_freeze(&shim->cgroups);
  process_tree_signal(signal);
  if (signal != SIGSTOP && signal != SIGKILL && signal != SIGCONT) {
    process_tree_signal(SIGCONT);
  }
  if (frozen) {
    shim_cgroups_thaw(&shim->cgroups);
  }
}

static void kill_all(struct shim *shim) {
  if (shim_cgroups_kill(&shim->cgroups)) {
    process_tree_signal(SIGKILL);
    return;
  }
  bool frozen = shim_cgroups_freeze(&shim->cgroups);
  if (!frozen) {
    process_tree_stop();
  }
  process_tree_signal(SIGKILL);
  if (frozen) {
    shim_cgroups_thaw(&shim->cgroups);
  }
}

static void kill_round(struct shim *shim, int64_t now_ms) {
  struct stop_ladder *ladder = &shim->ladder;
  kill_all(shim);
  ladder->next_at_ms = now_ms + ladder->pause_ms;
  ladder->pause_ms = ladder->pause_ms * 2 < longest_pause_ms ? ladder->pause_ms * 2 : longest_pause_ms;
  if (!ladder->stuck && now_ms - ladder->kill_since_ms >= stuck_after_ms) {
    ladder->stuck = true;
    status_changed(shim);
  }
}

static void begin_kill(struct shim *shim, int64_t now_ms) {
  shim->ladder.phase = LADDER_KILL;
  shim->ladder.kill_since_ms = now_ms;
  shim->ladder.pause_ms = first_pause_ms;
  kill_round(shim, now_ms);
}

void stop_ladder_begin(struct shim *shim, int signal, uint32_t grace_ms, bool requested) {
  struct stop_ladder *ladder = &shim->ladder;
  int64_t now_ms = shim_now_ms();
  int64_t deadline = now_ms + (int64_t)grace_ms;
  ladder->requested = ladder->requested || requested;
  if (ladder->phase == LADDER_IDLE) {
    ladder->phase = LADDER_GRACE;
    ladder->next_at_ms = deadline;
    workload_signal_all(shim, signal);
    status_changed(shim);
  } else if (ladder->phase == LADDER_GRACE && deadline < ladder->next_at_ms) {
    ladder->next_at_ms = deadline;
  }
  stop_ladder_tick(shim, now_ms);
}

void stop_ladder_kill(struct shim *shim) {
  if (shim->ladder.phase != LADDER_KILL) {
    begin_kill(shim, shim_now_ms());
  }
}

void stop_ladder_tick(struct shim *shim, int64_t now_ms) {
  struct stop_ladder *ladder = &shim->ladder;
  if (shim->phase != SHIM_RUNNING || ladder->phase == LADDER_IDLE || now_ms < ladder->next_at_ms) {
    return;
  }
  if (ladder->phase == LADDER_GRACE) {
    begin_kill(shim, now_ms);
  } else {
    kill_round(shim, now_ms);
  }
}
