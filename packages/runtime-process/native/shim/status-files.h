#ifndef AURAE_SHIM_STATUS_FILES_H
#define AURAE_SHIM_STATUS_FILES_H

#include "shim.h"

#include <stddef.h>

/* Takes room for the exit file. Returns 0, or -1 with `failure`. */
int status_files_prepare(const struct shim *shim, struct shim_failure *failure);

/* One line of JSON; returns its length. */
size_t status_state_json(const struct shim *shim, char *text, size_t size);
size_t status_exit_json(const struct shim *shim, char *text, size_t size);

/* Replaces the file `state`. Returns 0 or errno. */
int status_write_state(const struct shim *shim);

/* Writes shim->ended to the file `exit`, for good. Returns 0 or errno. */
int status_write_exit(const struct shim *shim);

/* Something that the state tells of has changed: writes it, and tells the clients that asked. */
void status_changed(struct shim *shim);

/*
 * Something was written to the log. The same where records were lost or a segment was begun, which can happen all the
 * time: not too often.
 */
void status_log_written(struct shim *shim);

void status_files_remove(const struct shim *shim);

#endif
