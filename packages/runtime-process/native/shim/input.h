#ifndef AURAE_SHIM_INPUT_H
#define AURAE_SHIM_INPUT_H

#include "shim.h"

#include <stddef.h>

/*
 * Gives it to the workload's standard input. Returns how much was taken: all of it when nobody reads any more, since
 * it is then thrown away. After fewer, clients_resume_input is called once there is room.
 */
size_t input_write(struct shim *shim, const char *bytes, size_t count);

/* Closes it, or types end-of-file on a terminal. */
void input_end(struct shim *shim);

void input_on_ready(struct shim *shim, struct source *source, uint32_t events);

#endif
