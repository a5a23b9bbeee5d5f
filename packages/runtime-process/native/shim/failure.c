#define _GNU_SOURCE
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

int shim_fail(struct shim_failure *failure, enum aurae_spawn_step step, int error, const char *format, ...) {
  failure->step = (int)step;
  failure->error = error;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure->detail, sizeof failure->detail, format, arguments);
  va_end(arguments);
  for (char *next = failure->detail; *next != '\0'; next++) {
    if (*next == '\n' || *next == '\r') {
      *next = ' ';
    }
  }
  return -1;
}
