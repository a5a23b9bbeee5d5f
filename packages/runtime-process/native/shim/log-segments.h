#ifndef AURAE_SHIM_LOG_SEGMENTS_H
#define AURAE_SHIM_LOG_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The segments of one log directory, each named by the sequence number of its first record. */
struct log_segments {
  const char *directory;
  uint64_t *firsts; /* ascending */
  size_t count;
  size_t capacity;
  bool made_directory;
};

/* Makes the directory if it is absent, and looks for segments. Returns 0 or errno. */
int log_segments_open(struct log_segments *segments, const char *directory);

/* Opens the last one to append to it, without a torn record at its end. -1 when there is none or with errno. */
int log_segments_resume(const struct log_segments *segments, uint64_t *size, uint64_t *records, bool count_records);

/* Begins one; its directory is made again if somebody has removed it. -1 with errno. */
int log_segments_begin(struct log_segments *segments, uint64_t first);

/* Removes the oldest until `most` are left. */
void log_segments_keep(struct log_segments *segments, uint64_t most);

/* Takes back the last one that was begun. */
void log_segments_drop_last(struct log_segments *segments);

/*
 * Removes those that begin with `first` or later, and the directory if it was made; `resumed`, which was there before,
 * only gets its size back.
 */
void log_segments_drop_from(struct log_segments *segments, uint64_t first, uint64_t resumed, uint64_t resumed_size);

void log_segments_close(struct log_segments *segments);

#endif
