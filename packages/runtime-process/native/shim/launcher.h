#ifndef AURAE_SHIM_LAUNCHER_H
#define AURAE_SHIM_LAUNCHER_H

#include "failure.h"

#include <stdbool.h>

/*
 * Forks. In the shim it returns a socket: the report goes into it, one byte comes back once the launcher has it, and
 * end of file means that the launcher is dead. In the launcher it does not return. -1 where there can be no shim.
 * `cgroup`: directory of version 2 for the shim, or NULL; one that refuses it is no error.
 */
int shim_launch(int report, const char *cgroup);

/* What the shim learns about its launcher without waiting. */
enum shim_launcher_news { LAUNCHER_WAITS, LAUNCHER_HAS_REPORT, LAUNCHER_DEAD };
enum shim_launcher_news shim_launcher_look(int launcher);

/* False when nobody is there to have it. */
bool shim_report(int launcher, const char *line);
bool shim_report_failure(int launcher, const struct shim_failure *failure);

#endif
