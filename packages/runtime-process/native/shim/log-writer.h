#ifndef AURAE_SHIM_LOG_WRITER_H
#define AURAE_SHIM_LOG_WRITER_H

#include "log-segments.h"

#include <time.h>

enum { LOG_STREAMS = 2, LOG_LONGEST_RECORD = 16 * 1024 };

/* Bytes of a line whose end has not come. */
struct log_pending {
  char *bytes;
  size_t length;
};

/* Turns two streams of bytes into the records of one log; see "Files" in README.md. */
struct log_writer {
  struct log_segments segments;
  uint64_t segment_bytes;
  uint64_t most_segments;
  uint64_t first_sequence; /* of this writer */
  uint64_t next_sequence;
  uint64_t resumed_first; /* the segment that was gone on with, 0 for none, and its size then */
  uint64_t resumed_size;
  uint64_t lost;
  uint64_t begun;        /* segments, by this writer */
  int segment;           /* -1: the next record begins one */
  uint64_t segment_size; /* of what is in the file */
  bool has_gap;          /* since the end of the last segment */
  char *assembled;       /* records on their way to the file */
  size_t assembled_length;
  uint64_t assembled_records;
  struct log_pending pending[LOG_STREAMS];
  time_t date_second; /* the second that `date` is about */
  char date[24];
};

/* `sequence` of the next record; 0: it is counted. Returns 0 or errno. */
int log_writer_open(struct log_writer *writer, const char *directory, uint64_t sequence, uint64_t segment_bytes,
                    uint64_t most_segments);

/* Writes the whole lines of it to the file, and keeps the rest. All of it gets the time `now`. */
void log_writer_write(struct log_writer *writer, int stream, const char *bytes, size_t count,
                      const struct timespec *now);

/* Writes the line that has not ended, if there is one. */
void log_writer_flush(struct log_writer *writer, int stream, const struct timespec *now);

/* After the last flush: a loss at the very end becomes visible by an empty segment. */
void log_writer_finish(struct log_writer *writer);

/* Leaves of the log what was there before. */
void log_writer_undo(struct log_writer *writer);

void log_writer_close(struct log_writer *writer);

#endif
