#define _GNU_SOURCE
#include "descriptors.h"

#include <sys/resource.h>
#include <unistd.h>

enum { reserved_descriptors = 64 };

void aurae_close_if_open(int *descriptor) {
  if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
}

/* Descriptors are given out from the lowest: a high one means that all below are taken. */
bool aurae_is_reserved(int descriptor) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return false;
  }
  rlim_t quarter = limit.rlim_cur / 4;
  rlim_t reserved = quarter < reserved_descriptors ? quarter : reserved_descriptors;
  return (rlim_t)descriptor >= limit.rlim_cur - reserved;
}
