#define _GNU_SOURCE
#include "process-tree.h"

#include "child-list.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In the headers of glibc since 2.36 only; the numbers are the same on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Each level holds one descriptor. What is deeper comes up as those above it end. */
enum { deepest = 128, most_stop_rounds = 64, without_pidfd = -2 };

struct walk {
  int signal;
  bool parents_first;
  bool only_running;
  size_t signalled;
};

static void walk_children(struct walk *walk, pid_t parent, int parent_pidfd, int depth);

static int send(pid_t pid, int pidfd, int signal) {
  return pidfd == without_pidfd ? kill(pid, signal) : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}

static bool runs(const struct process_stat *stat) {
  return strchr("TtZX", stat->state) == NULL;
}

static void signal_one(struct walk *walk, pid_t pid, int pidfd, const struct process_stat *stat) {
  if ((!walk->only_running || runs(stat)) && send(pid, pidfd, walk->signal) == 0) {
    walk->signalled++;
  }
}

/* `parent_pidfd` is -1 for our own children: nobody else can reap those. */
static void visit(struct walk *walk, pid_t pid, pid_t parent, int parent_pidfd, int depth) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
  if (pidfd < 0) {
    if (errno != ENOSYS && parent_pidfd != -1) {
      return;
    }
    pidfd = without_pidfd;
  }
  struct process_stat stat;
  bool is_ours = process_stat_read(pid, &stat) && stat.parent == parent &&
                 (parent_pidfd == -1 || send(parent, parent_pidfd, 0) == 0);
  if (is_ours) {
    if (walk->parents_first) {
      signal_one(walk, pid, pidfd, &stat);
    }
    if (depth < deepest) {
      walk_children(walk, pid, pidfd, depth + 1);
    }
    if (!walk->parents_first) {
      signal_one(walk, pid, pidfd, &stat);
    }
  }
  if (pidfd >= 0) {
    close(pidfd);
  }
}

static void walk_children(struct walk *walk, pid_t parent, int parent_pidfd, int depth) {
  struct child_list children = {0};
  child_list_read(&children, parent);
  for (size_t i = 0; i < children.count; i++) {
    visit(walk, children.pids[i], parent, parent_pidfd, depth);
  }
  child_list_free(&children);
}

void process_tree_signal(int signal) {
  struct walk walk = {.signal = signal};
  walk_children(&walk, getpid(), -1, 0);
}

void process_tree_stop(void) {
  for (int round = 0; round < most_stop_rounds; round++) {
    struct walk walk = {.signal = SIGSTOP, .parents_first = true, .only_running = true};
    walk_children(&walk, getpid(), -1, 0);
    if (walk.signalled == 0) {
      return;
    }
  }
}

pid_t process_tree_oldest_child(struct process_stat *oldest) {
  struct child_list children = {0};
  child_list_read(&children, getpid());
  pid_t found = 0;
  for (size_t i = 0; i < children.count; i++) {
    struct process_stat stat;
    if (process_stat_read(children.pids[i], &stat) && (found == 0 || stat.start_time < oldest->start_time)) {
      found = children.pids[i];
      *oldest = stat;
    }
  }
  child_list_free(&children);
  return found;
}
