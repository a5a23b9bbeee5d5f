#ifndef AURAE_SHIM_CGROUP_H
#define AURAE_SHIM_CGROUP_H

#include "settings.h"

#include <stddef.h>

/* The cgroups of one workload. */
struct shim_cgroups {
  const struct shim_settings *settings;
  size_t made; /* the first so many are there, and are ours to remove */
  uint64_t oom_kills_before;
};

/* Makes the directories and writes the values. On -1 what was made is still there. */
int shim_cgroups_make(struct shim_cgroups *cgroups, const struct shim_settings *settings, struct shim_failure *failure);

/* The directory of the only cgroup that clone3(2) can start a process in, opened; -1 when there is none. */
int shim_cgroup_open_version_2(const struct shim_settings *settings, size_t *index);

/* Ends every process in it by one write. False when that is not possible here. */
bool shim_cgroups_kill(const struct shim_cgroups *cgroups);

/* Keeps its processes from running, and from multiplying. False when there is no way to. Waits for at most some ms. */
bool shim_cgroups_freeze(const struct shim_cgroups *cgroups);
void shim_cgroups_thaw(const struct shim_cgroups *cgroups);

bool shim_cgroups_had_oom_kill(const struct shim_cgroups *cgroups);

/* Removes them with all cgroups that the workload made inside, once no process is left. */
void shim_cgroups_remove(struct shim_cgroups *cgroups);

#endif
