#define _GNU_SOURCE
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { scratch_bytes = 64 * 1024, first_allocation_bytes = 4 * 1024 };

void aurae_close_watched(int epoll, int *descriptor) {
  if (*descriptor < 0) {
    return;
  }
  epoll_ctl(epoll, EPOLL_CTL_DEL, *descriptor, NULL);
  close(*descriptor);
  *descriptor = -1;
}

static size_t smaller(size_t one, size_t other) {
  return one < other ? one : other;
}

/* Grows to hold `wanted` bytes, as far as limit and budget allow. */
static void reserve(struct aurae_capture *capture, struct aurae_capture_budget *budget, size_t wanted) {
  if (wanted <= capture->capacity) {
    return;
  }
  size_t available = budget->used_bytes < budget->limit_bytes ? budget->limit_bytes - budget->used_bytes : 0;
  size_t doubled = capture->capacity == 0 ? first_allocation_bytes : capture->capacity * 2;
  size_t capacity = smaller(wanted > doubled ? wanted : doubled, capture->limit_bytes);
  capacity = smaller(capacity, capture->capacity + available);
  if (capacity > capture->capacity) {
    char *data = realloc(capture->data, capacity);
    if (data != NULL) {
      budget->used_bytes += capacity - capture->capacity;
      capture->data = data;
      capture->capacity = capacity;
    }
  }
  /* Once cut, always cut: output with a hole in the middle would mislead. */
  capture->over_budget = capture->capacity < wanted;
}

static void keep(struct aurae_capture *capture, struct aurae_capture_budget *budget, const char *bytes, size_t count) {
  capture->total_bytes += count;
  size_t wanted = smaller(count, capture->limit_bytes - capture->length);
  if (wanted == 0 || capture->over_budget) {
    return;
  }
  reserve(capture, budget, capture->length + wanted);
  size_t kept = smaller(wanted, capture->capacity - capture->length);
  if (kept > 0) {
    memcpy(capture->data + capture->length, bytes, kept);
    capture->length += kept;
  }
}

bool aurae_capture_read(struct aurae_capture *capture, struct aurae_capture_budget *budget) {
  if (capture->descriptor < 0) {
    return false;
  }
  /* On the stack rather than shared: each Node thread has its own event loop. */
  char scratch[scratch_bytes];
  ssize_t count = read(capture->descriptor, scratch, sizeof scratch);
  if (count > 0) {
    keep(capture, budget, scratch, (size_t)count);
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return errno == EINTR;
  }
  aurae_close_watched(capture->epoll, &capture->descriptor);
  return false;
}

void aurae_capture_drain(struct aurae_capture *capture, struct aurae_capture_budget *budget) {
  if (capture->descriptor < 0) {
    return;
  }
  /* No more than this can have been written before the call and not yet read. */
  int pipe_bytes = fcntl(capture->descriptor, F_GETPIPE_SZ);
  uint64_t end = capture->total_bytes + (pipe_bytes > 0 ? (uint64_t)pipe_bytes : scratch_bytes);
  /* One byte more, so that the end of the file is seen as well. */
  while (capture->total_bytes <= end && aurae_capture_read(capture, budget)) {
  }
}

void aurae_capture_close(struct aurae_capture *capture, struct aurae_capture_budget *budget) {
  aurae_close_watched(capture->epoll, &capture->descriptor);
  free(capture->data);
  budget->used_bytes -= capture->capacity;
  capture->data = NULL;
  capture->capacity = 0;
  capture->length = 0;
}
