#define _GNU_SOURCE
#include "lifetime.h"

#include "clients.h"
#include "control-socket.h"
#include "launcher.h"
#include "output.h"
#include "process-tree.h"
#include "status-files.h"
#include "stop-ladder.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { exit_pause_ms = 1000, leave_ms = 2000, unreachable_ms = 60 * 1000, lock_descriptor = 4 };

void lifetime_undo(struct shim *shim) {
  control_socket_remove(shim);
  status_files_remove(shim);
  shim_cgroups_remove(&shim->cgroups);
  log_writer_undo(&shim->log);
}

/* The place of the socket goes first: whoever hears or reads of the end finds nothing left but the files. */
static void write_exit(struct shim *shim, int64_t now_ms) {
  control_socket_unlink(shim);
  if (status_write_exit(shim) == 0) {
    shim->phase = SHIM_LEAVING;
    shim->leave_by_ms = now_ms + leave_ms;
  } else {
    control_socket_listen(shim);
    shim->exit_due_ms = now_ms + exit_pause_ms;
  }
}

static void end(struct shim *shim) {
  output_drain(shim);
  log_writer_finish(&shim->log);
  shim->ended_at_ms = shim_milliseconds(CLOCK_REALTIME);
  shim->ending_since_ms = shim_now_ms();
  shim->phase = SHIM_ENDING;
  if (shim->abandoned) {
    lifetime_undo(shim);
    shim->phase = SHIM_DONE;
    return;
  }
  status_exit_json(shim, shim->ended, sizeof shim->ended);
  /* Before the status is told: whoever knows of the end may use the same names again. */
  shim_cgroups_remove(&shim->cgroups);
  write_exit(shim, shim_now_ms());
  control_socket_accept(shim);
  clients_tell_ended(shim);
}

/* WNOWAIT leaves them to lifetime_reap. */
static bool has_children(void) {
  siginfo_t info;
  int result = 0;
  do {
    result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
  } while (result < 0 && errno == EINTR);
  return result == 0;
}

static void end_if_over(struct shim *shim) {
  if (shim->phase == SHIM_RUNNING && shim->main_ended && shim->launcher.descriptor < 0 && !has_children()) {
    end(shim);
  }
}

/* It has become a daemon: the oldest child is the main process from now on. */
static bool hand_over(struct shim *shim) {
  struct process_stat stat;
  pid_t successor = process_tree_oldest_child(&stat);
  if (successor == 0) {
    return false;
  }
  shim->pid = successor;
  shim->start_time = stat.start_time;
  status_changed(shim);
  return true;
}

static void main_has_ended(struct shim *shim, int status, bool others_live) {
  shim->wait_status = status;
  bool became_daemon = others_live && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (became_daemon && shim->ladder.phase == LADDER_IDLE && hand_over(shim)) {
    return;
  }
  shim->main_ended = true;
  if (others_live && shim->ladder.phase == LADDER_IDLE) {
    stop_ladder_begin(shim, SIGTERM, shim->settings.stop_grace_ms, false);
  }
}

void lifetime_reap(struct shim *shim) {
  bool main_reaped = false;
  int main_status = 0;
  for (;;) {
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
    if (pid > 0 && pid == shim->pid && !shim->main_ended) {
      main_reaped = true;
      main_status = status;
    } else if (pid == 0 || (pid < 0 && errno != EINTR)) {
      if (main_reaped) {
        main_has_ended(shim, main_status, pid == 0);
      }
      break;
    }
  }
  end_if_over(shim);
}

void lifetime_abandon(struct shim *shim) {
  shim->abandoned = true;
  stop_ladder_kill(shim);
}

void lifetime_on_launcher(struct shim *shim, struct source *source, uint32_t events) {
  (void)events;
  enum shim_launcher_news news = shim_launcher_look(source->descriptor);
  if (news == LAUNCHER_WAITS) {
    return;
  }
  shim_close_source(shim, source);
  if (news == LAUNCHER_DEAD) {
    lifetime_abandon(shim);
  }
  end_if_over(shim);
}

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t tick_running(struct shim *shim, int64_t now_ms) {
  stop_ladder_tick(shim, now_ms);
  if (now_ms >= shim->state_due_ms) {
    status_changed(shim);
  }
  int64_t next = earlier(output_tick(shim, now_ms), shim->state_due_ms);
  return shim->ladder.phase == LADDER_IDLE ? next : earlier(next, shim->ladder.next_at_ms);
}

/* Its lock file is removed as well, and nobody is connected: no daemon can find this shim again. */
static bool is_forgotten(const struct shim *shim, int64_t now_ms) {
  struct stat lock;
  return shim->clients == NULL && now_ms - shim->ending_since_ms >= unreachable_ms &&
         fstat(lock_descriptor, &lock) == 0 && lock.st_nlink == 0;
}

int64_t lifetime_tick(struct shim *shim, int64_t now_ms) {
  int64_t next = clients_tick(shim, now_ms);
  if (shim->phase == SHIM_RUNNING) {
    return earlier(next, tick_running(shim, now_ms));
  }
  if (shim->phase == SHIM_ENDING && (shim->ended_was_read || is_forgotten(shim, now_ms))) {
    shim->phase = SHIM_LEAVING;
    shim->leave_by_ms = now_ms + leave_ms;
  }
  if (shim->phase == SHIM_ENDING) {
    if (now_ms >= shim->exit_due_ms) {
      write_exit(shim, now_ms);
    }
    return shim->phase == SHIM_ENDING ? earlier(next, shim->exit_due_ms) : now_ms;
  }
  if (shim->clients == NULL) {
    control_socket_accept(shim);
  }
  if (shim->clients == NULL || now_ms >= shim->leave_by_ms) {
    shim->phase = SHIM_DONE;
  }
  return earlier(next, shim->leave_by_ms);
}
