#ifndef AURAE_SHIM_SETTINGS_H
#define AURAE_SHIM_SETTINGS_H

#include "failure.h"
#include "string-list.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct shim_limit {
  int resource;
  struct rlimit values;
};

/* What README.md lists under "Settings". */
struct shim_settings {
  /* Of the whole run: each string has memory of its own. */
  char *directory;
  char *log;
  char *socket;
  struct string_list cgroups;
  char *cgroup_kill;
  char *cgroup_freezer;
  char *cgroup_events;
  uint64_t log_sequence; /* 0: not known */
  uint64_t log_segment_bytes;
  uint64_t log_segments;
  int stop_signal;
  uint32_t stop_grace_ms;
  bool has_stdin;
  bool has_terminal;
  uint16_t rows;
  uint16_t columns;

  /* Of the start alone: in `text`, gone after shim_settings_started. */
  char *text;
  char *file;
  struct string_list arguments;
  struct string_list environment;
  char *cwd;
  char *user;
  char *trampoline;
  struct string_list cgroup_values; /* FILE=VALUE */
  struct string_list shim_cgroups;
  mode_t umask;
  struct shim_limit limits[RLIM_NLIMITS];
  size_t limit_count;
};

/* Reads the descriptor to its end. Returns 0, or -1 with `failure`; shim_settings_free in both cases. */
int shim_settings_read(struct shim_settings *settings, int descriptor, struct shim_failure *failure);

/* Frees what only the start needed: arguments and environment can be large. */
void shim_settings_started(struct shim_settings *settings);

void shim_settings_free(struct shim_settings *settings);

#endif
