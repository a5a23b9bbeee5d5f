#ifndef AURAE_SHIM_SIGNALS_H
#define AURAE_SHIM_SIGNALS_H

#include "shim.h"

/* Ignores what must not end the shim, and turns what it acts on into events. Returns 0 or errno. */
int signals_open(struct shim *shim);

#endif
