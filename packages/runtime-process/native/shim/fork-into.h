#ifndef AURAE_SHIM_FORK_INTO_H
#define AURAE_SHIM_FORK_INTO_H

#include <sys/types.h>

/*
 * fork(2), with the child right inside a cgroup of version 2. Writing its pid into cgroup.procs would cost the kernel
 * milliseconds, and slow down every fork on the host meanwhile. -1 with errno where this is not possible.
 */
pid_t shim_fork_into(int cgroup);

#endif
