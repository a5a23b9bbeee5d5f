#ifndef AURAE_SHIM_PROCESS_STAT_H
#define AURAE_SHIM_PROCESS_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of /proc/PID/stat, proc_pid_stat(5). */
struct process_stat {
  char state;
  pid_t parent;
  uint64_t start_time; /* clock ticks since boot: with the pid it names one process for good */
};

/* False when there is no such process. */
bool process_stat_read(pid_t pid, struct process_stat *stat);

#endif
