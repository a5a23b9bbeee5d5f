#ifndef AURAE_SHIM_WORKLOAD_H
#define AURAE_SHIM_WORKLOAD_H

#include "settings.h"

/* The shim's ends of what the workload reads and writes; none of them blocks. -1: there is none. */
struct workload_ends {
  int input;     /* the master as well, with a terminal */
  int output[2]; /* stdout and stderr; with a terminal the master, and -1 */
};

/*
 * Starts the workload in the cgroups that were made, and waits until its program runs. Gives up when the launcher
 * dies. Returns 0, or -1 with `failure` and without a process.
 */
int workload_start(const struct shim_settings *settings, int launcher, pid_t *pid, struct workload_ends *ends,
                   struct shim_failure *failure);

void workload_close_ends(struct workload_ends *ends);

#endif
