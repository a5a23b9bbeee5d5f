#define _GNU_SOURCE
#include "process-stat.h"

#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { fields_from_parent_to_start = 18 };

bool process_stat_read(pid_t pid, struct process_stat *stat) {
  char path[32];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!shim_read_text(path, text, sizeof text)) {
    return false;
  }
  /* The name, in parentheses, may hold anything: also parentheses. */
  char *next = strrchr(text, ')');
  if (next == NULL || strlen(next) < 5) {
    return false;
  }
  stat->state = next[2];
  stat->parent = (pid_t)strtol(next + 4, &next, 10);
  for (int i = 1; i < fields_from_parent_to_start && next != NULL; i++) {
    next = strchr(next + 1, ' ');
  }
  stat->start_time = next == NULL ? 0 : strtoull(next, NULL, 10);
  return next != NULL;
}
