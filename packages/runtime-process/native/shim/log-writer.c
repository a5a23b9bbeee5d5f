#define _GNU_SOURCE
#include "log-writer.h"

#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { assembled_bytes = 128 * 1024, prefix_bytes = 40, prefix_room = 64, tag_position = 38 };

int log_writer_open(struct log_writer *writer, const char *directory, uint64_t sequence, uint64_t segment_bytes,
                    uint64_t most_segments) {
  *writer = (struct log_writer){
      .segment = -1, .segment_bytes = segment_bytes, .most_segments = most_segments, .date_second = -1};
  int error = log_segments_open(&writer->segments, directory);
  if (error != 0) {
    return error;
  }
  const struct log_segments *segments = &writer->segments;
  uint64_t last = segments->count == 0 ? 1 : segments->firsts[segments->count - 1];
  bool is_known = sequence >= last;
  uint64_t records = 0;
  if (segments->count > 0) {
    writer->segment = log_segments_resume(segments, &writer->segment_size, &records, !is_known);
    if (writer->segment < 0) {
      return errno;
    }
    writer->resumed_first = last;
    writer->resumed_size = writer->segment_size;
  }
  writer->next_sequence = is_known ? sequence : last + records;
  writer->first_sequence = writer->next_sequence;
  return 0;
}

static uint64_t count_records(const char *bytes, size_t length) {
  uint64_t records = 0;
  const char *end = bytes + length;
  while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
    records++;
    bytes++;
  }
  return records;
}

/* What is written from now on goes to a segment with a name of its own, which shows the gap. */
static void leave_gap(struct log_writer *writer, uint64_t lost) {
  shim_close(&writer->segment);
  writer->lost += lost;
  writer->has_gap = true;
}

/* Of a write that stopped in the middle, the whole records stay. */
static void keep_whole_records(struct log_writer *writer, size_t written) {
  const char *last = memrchr(writer->assembled, '\n', written);
  size_t whole = last == NULL ? 0 : (size_t)(last - writer->assembled) + 1;
  uint64_t kept = count_records(writer->assembled, whole);
  if (writer->segment_size + whole == 0) {
    log_segments_drop_last(&writer->segments);
  } else {
    /* Where even that fails: a reader skips a record without an end in a segment that is not the last. */
    if (ftruncate(writer->segment, (off_t)(writer->segment_size + whole)) != 0) {
      errno = 0;
    }
    log_segments_keep(&writer->segments, writer->most_segments);
  }
  leave_gap(writer, writer->assembled_records - kept);
}

static bool is_removed(const struct log_writer *writer) {
  struct stat status;
  return fstat(writer->segment, &status) != 0 || status.st_nlink == 0;
}

static void begin_segment(struct log_writer *writer, uint64_t first) {
  shim_close(&writer->segment);
  writer->segment = log_segments_begin(&writer->segments, first);
  writer->begun += writer->segment >= 0;
  struct stat status;
  writer->segment_size = writer->segment >= 0 && fstat(writer->segment, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void write_assembled(struct log_writer *writer) {
  if (writer->assembled_length == 0) {
    return;
  }
  if (writer->segment < 0 || is_removed(writer)) {
    begin_segment(writer, writer->next_sequence - writer->assembled_records);
  }
  if (writer->segment < 0) {
    leave_gap(writer, writer->assembled_records);
  } else {
    size_t written = shim_write(writer->segment, writer->assembled, writer->assembled_length);
    if (written < writer->assembled_length) {
      keep_whole_records(writer, written);
    } else {
      writer->segment_size += written;
      writer->has_gap = false;
      log_segments_keep(&writer->segments, writer->most_segments);
    }
  }
  writer->assembled_length = 0;
  writer->assembled_records = 0;
}

static void add_record(struct log_writer *writer, char *prefix, char tag, const char *bytes, size_t count) {
  size_t length = prefix_bytes + count + 1;
  uint64_t before = writer->assembled_length + (writer->segment < 0 ? 0 : writer->segment_size);
  if (before > 0 && before + length > writer->segment_bytes) {
    write_assembled(writer);
    shim_close(&writer->segment);
  }
  if (writer->assembled_length + length > assembled_bytes) {
    write_assembled(writer);
  }
  char *next = writer->assembled + writer->assembled_length;
  prefix[tag_position] = tag;
  memcpy(next, prefix, prefix_bytes);
  memcpy(next + prefix_bytes, bytes, count);
  next[prefix_bytes + count] = '\n';
  writer->assembled_length += length;
  writer->assembled_records++;
  writer->next_sequence++;
}

/* "2026-01-31T23:59:59.123456789Z stdout F " */
static void format_prefix(struct log_writer *writer, int stream, const struct timespec *now, char *prefix) {
  if (now->tv_sec != writer->date_second) {
    struct tm parts;
    gmtime_r(&now->tv_sec, &parts);
    strftime(writer->date, sizeof writer->date, "%Y-%m-%dT%H:%M:%S", &parts);
    writer->date_second = now->tv_sec;
  }
  snprintf(prefix, prefix_room, "%s.%09ldZ %s F ", writer->date, now->tv_nsec, stream == 0 ? "stdout" : "stderr");
}

static bool has_memory(struct log_writer *writer, struct log_pending *pending) {
  if (writer->assembled == NULL) {
    writer->assembled = malloc(assembled_bytes);
  }
  if (pending->bytes == NULL) {
    pending->bytes = malloc(LOG_LONGEST_RECORD);
  }
  return writer->assembled != NULL && pending->bytes != NULL;
}

/* Goes on with the line that is pending. Returns how many bytes were taken. */
static size_t continue_line(struct log_writer *writer, struct log_pending *pending, char *prefix, const char *bytes,
                            size_t line, bool has_end) {
  size_t room = LOG_LONGEST_RECORD - pending->length;
  size_t taken = line < room ? line : room;
  memcpy(pending->bytes + pending->length, bytes, taken);
  pending->length += taken;
  bool ends = has_end && taken == line;
  if (ends || pending->length == LOG_LONGEST_RECORD) {
    add_record(writer, prefix, ends ? 'F' : 'P', pending->bytes, pending->length);
    pending->length = 0;
  }
  return taken + ends;
}

/* Nothing is pending: what is whole needs no copy. Returns how many bytes were taken. */
static size_t begin_line(struct log_writer *writer, struct log_pending *pending, char *prefix, const char *bytes,
                         size_t line, bool has_end) {
  if (line > LOG_LONGEST_RECORD || (line == LOG_LONGEST_RECORD && !has_end)) {
    add_record(writer, prefix, 'P', bytes, LOG_LONGEST_RECORD);
    return LOG_LONGEST_RECORD;
  }
  if (!has_end) {
    memcpy(pending->bytes, bytes, line);
    pending->length = line;
    return line;
  }
  add_record(writer, prefix, 'F', bytes, line);
  return line + 1;
}

void log_writer_write(struct log_writer *writer, int stream, const char *bytes, size_t count,
                      const struct timespec *now) {
  struct log_pending *pending = &writer->pending[stream];
  if (!has_memory(writer, pending)) {
    writer->lost++;
    return;
  }
  char prefix[prefix_room];
  format_prefix(writer, stream, now, prefix);
  while (count > 0) {
    const char *end = memchr(bytes, '\n', count);
    size_t line = end == NULL ? count : (size_t)(end - bytes);
    size_t taken = pending->length > 0 ? continue_line(writer, pending, prefix, bytes, line, end != NULL)
                                       : begin_line(writer, pending, prefix, bytes, line, end != NULL);
    bytes += taken;
    count -= taken;
  }
  write_assembled(writer);
}

void log_writer_flush(struct log_writer *writer, int stream, const struct timespec *now) {
  struct log_pending *pending = &writer->pending[stream];
  if (pending->length == 0) {
    return;
  }
  char prefix[prefix_room];
  format_prefix(writer, stream, now, prefix);
  add_record(writer, prefix, 'P', pending->bytes, pending->length);
  pending->length = 0;
  write_assembled(writer);
}

void log_writer_finish(struct log_writer *writer) {
  if (writer->has_gap && writer->segment < 0) {
    begin_segment(writer, writer->next_sequence);
  }
}

void log_writer_undo(struct log_writer *writer) {
  shim_close(&writer->segment);
  log_segments_drop_from(&writer->segments, writer->first_sequence, writer->resumed_first, writer->resumed_size);
}

void log_writer_close(struct log_writer *writer) {
  shim_close(&writer->segment);
  log_segments_close(&writer->segments);
  free(writer->assembled);
  for (int i = 0; i < LOG_STREAMS; i++) {
    free(writer->pending[i].bytes);
  }
}
