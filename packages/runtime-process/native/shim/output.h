#ifndef AURAE_SHIM_OUTPUT_H
#define AURAE_SHIM_OUTPUT_H

#include "shim.h"

void output_on_ready(struct shim *shim, struct source *source, uint32_t events);

/* Writes lines that have waited too long for their end. Returns when the next one will have. */
int64_t output_tick(struct shim *shim, int64_t now_ms);

/* No process is left: reads what is still there, and closes. A stranger who holds the pipe is not waited for. */
void output_drain(struct shim *shim);

#endif
