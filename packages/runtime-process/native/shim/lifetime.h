#ifndef AURAE_SHIM_LIFETIME_H
#define AURAE_SHIM_LIFETIME_H

#include "shim.h"

/* Reaps, and finds out what the end of a process means for the workload. */
void lifetime_reap(struct shim *shim);

/* News of the launcher: once it has the report, the start is complete; when it is dead, nothing is to be left. */
void lifetime_on_launcher(struct shim *shim, struct source *source, uint32_t events);

/* Nobody wants the workload: it is killed, and the shim leaves nothing. */
void lifetime_abandon(struct shim *shim);

/* Brings the end forward. Returns when to come back. */
int64_t lifetime_tick(struct shim *shim, int64_t now_ms);

/* Removes all that a start has made. No process is left. */
void lifetime_undo(struct shim *shim);

#endif
