#ifndef AURAE_CAPTURE_H
#define AURAE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that all live captures of one environment may hold together. */
struct aurae_capture_budget {
  size_t used_bytes;
  size_t limit_bytes;
};

/*
 * Reads a pipe without ever making its writer wait: the first `limit_bytes` are kept, what follows is read, counted
 * and dropped.
 */
struct aurae_capture {
  int descriptor; /* -1 once the last writer is gone, or when nothing is captured */
  int epoll;      /* the set that watches it */
  char *data;
  size_t length;
  size_t capacity;
  size_t limit_bytes;
  uint64_t total_bytes;
  bool over_budget; /* cut before its own limit, because the budget was used up */
};

/* Reads what is there once, at most one scratch buffer full. False when the pipe is empty or has ended. */
bool aurae_capture_read(struct aurae_capture *capture, struct aurae_capture_budget *budget);

/* Reads all that was written so far. Bounded: a writer that is still alive cannot keep it busy. */
void aurae_capture_drain(struct aurae_capture *capture, struct aurae_capture_budget *budget);

/*
 * Closes a descriptor that an epoll set watches. Closing alone does not end the watch while a copy lives, and a fork
 * on another thread makes copies: events would come for memory that is long freed. Sets it to -1; harmless on -1.
 */
void aurae_close_watched(int epoll, int *descriptor);

/* Closes the pipe and frees what was kept. Harmless when repeated. */
void aurae_capture_close(struct aurae_capture *capture, struct aurae_capture_budget *budget);

#endif
