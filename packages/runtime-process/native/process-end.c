#define _GNU_SOURCE
#include "process-table.h"

#include "user-switch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

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

void aurae_process_ended(struct aurae_process *process) {
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

void aurae_process_kill_and_reap(struct aurae_process *process, int limit_ms) {
  if (process->pidfd < 0) {
    return;
  }
  syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0U);
  struct pollfd waiting = {.fd = process->pidfd, .events = POLLIN};
  if (poll(&waiting, 1, limit_ms) > 0) {
    reap(process);
  }
}
