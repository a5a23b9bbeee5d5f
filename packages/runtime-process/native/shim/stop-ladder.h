#ifndef AURAE_SHIM_STOP_LADDER_H
#define AURAE_SHIM_STOP_LADDER_H

#include "shim.h"

/* Sends the signal to every process of the workload. */
void workload_signal_all(struct shim *shim, int signal);

/* Begins the ladder, or shortens its grace period. */
void stop_ladder_begin(struct shim *shim, int signal, uint32_t grace_ms, bool requested);

/* Kills without grace. */
void stop_ladder_kill(struct shim *shim);

/* Does what is due. */
void stop_ladder_tick(struct shim *shim, int64_t now_ms);

#endif
