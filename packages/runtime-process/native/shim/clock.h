#ifndef AURAE_SHIM_CLOCK_H
#define AURAE_SHIM_CLOCK_H

#include <stdint.h>
#include <time.h>

/* "No deadline", and later than any. */
#define SHIM_NEVER INT64_MAX

static inline int64_t shim_milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For deadlines. */
static inline int64_t shim_now_ms(void) {
  return shim_milliseconds(CLOCK_MONOTONIC);
}

#endif
