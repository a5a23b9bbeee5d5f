#ifndef AURAE_SHIM_FAILURE_H
#define AURAE_SHIM_FAILURE_H

#include "../spawn.h"

/* Why a start failed: one line of the report. */
struct shim_failure {
  int step;  /* of enum aurae_spawn_step */
  int error; /* errno */
  char detail[512];
};

/* Fills `failure` in; line breaks in the detail become spaces. Returns -1. */
int shim_fail(struct shim_failure *failure, enum aurae_spawn_step step, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
