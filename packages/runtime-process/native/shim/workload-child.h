#ifndef AURAE_SHIM_WORKLOAD_CHILD_H
#define AURAE_SHIM_WORKLOAD_CHILD_H

#include "settings.h"

enum { most_child_descriptors = 5 };

/* What the new process needs to become the workload. */
struct workload_child {
  const struct shim_settings *settings;
  int descriptors[most_child_descriptors]; /* entry i becomes descriptor i */
  int descriptor_count;
  int report;               /* a struct aurae_spawn_failure and a detail go there; nothing when the program runs */
  size_t entered_cgroup;    /* the one that it was started in; SIZE_MAX for none */
  const char *file;
  char *const *arguments;
  char *const *environment;
  const char *directory;
  char **shell_arguments;
};

_Noreturn void workload_child_run(const struct workload_child *child);

#endif
