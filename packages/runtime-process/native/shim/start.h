#ifndef AURAE_SHIM_START_H
#define AURAE_SHIM_START_H

#include "shim.h"

/* Makes everything ready by the shim's settings and starts the workload. Returns 0, or -1 with `failure` and nothing left. */
int shim_start(struct shim *shim, struct shim_failure *failure);

#endif
