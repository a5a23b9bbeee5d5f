#define _GNU_SOURCE
#include "output.h"

#include "clients.h"
#include "input.h"
#include "status-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { chunk_bytes = 64 * 1024, partial_line_ms = 100, most_left_bytes = 1024 * 1024 };

/* Only as much of it is ever touched as was read at once. */
static char chunk[chunk_bytes];

static int stream_of(const struct shim *shim, const struct output *output) {
  return output == &shim->outputs[0] ? 0 : 1;
}

static void take(struct shim *shim, struct output *output, size_t count) {
  int stream = stream_of(shim, output);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  log_writer_write(&shim->log, stream, chunk, count, &now);
  output->flush_at_ms = shim->log.pending[stream].length > 0 ? shim_now_ms() + partial_line_ms : SHIM_NEVER;
  status_log_written(shim);
  if (shim->clients != NULL) {
    clients_tell_output(shim, stream, chunk, count);
  }
}

/* Level-triggered again once someone has opened the terminal anew. */
static void set_hung_up(struct shim *shim, struct output *output, bool hung_up) {
  if (output->hung_up != hung_up) {
    output->hung_up = hung_up;
    shim_rewatch(shim, &output->source, hung_up ? EPOLLIN | EPOLLET : EPOLLIN);
  }
}

static void close_output(struct shim *shim, struct output *output) {
  if (shim->input.descriptor == output->source.descriptor) {
    shim->input.descriptor = -1; /* the terminal is both */
  }
  shim_close_source(shim, &output->source);
}

static ssize_t read_chunk(struct output *output) {
  ssize_t count = 0;
  do {
    count = read(output->source.descriptor, chunk, sizeof chunk);
  } while (count < 0 && errno == EINTR);
  return count;
}

static void read_once(struct shim *shim, struct output *output) {
  ssize_t count = read_chunk(output);
  if (count > 0) {
    set_hung_up(shim, output, false);
    take(shim, output, (size_t)count);
  } else if (count < 0 && errno == EIO) {
    set_hung_up(shim, output, true);
  } else if (count == 0 || errno != EAGAIN) {
    close_output(shim, output);
  }
}

void output_on_ready(struct shim *shim, struct source *source, uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    input_on_ready(shim, source, events);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && source->descriptor >= 0) {
    read_once(shim, (struct output *)source);
  }
}

static void flush(struct shim *shim, struct output *output) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  log_writer_flush(&shim->log, stream_of(shim, output), &now);
  output->flush_at_ms = SHIM_NEVER;
}

int64_t output_tick(struct shim *shim, int64_t now_ms) {
  int64_t next = SHIM_NEVER;
  for (int i = 0; i < 2; i++) {
    struct output *output = &shim->outputs[i];
    if (now_ms >= output->flush_at_ms) {
      flush(shim, output);
      status_log_written(shim);
    }
    next = output->flush_at_ms < next ? output->flush_at_ms : next;
  }
  return next;
}

void output_drain(struct shim *shim) {
  for (int i = 0; i < 2; i++) {
    struct output *output = &shim->outputs[i];
    int descriptor = output->source.descriptor;
    int capacity = descriptor < 0 ? 0 : fcntl(descriptor, F_GETPIPE_SZ);
    size_t most = capacity > most_left_bytes ? (size_t)capacity : most_left_bytes;
    ssize_t count = descriptor < 0 ? 0 : read_chunk(output);
    for (size_t total = 0; count > 0 && total <= most; count = read_chunk(output)) {
      take(shim, output, (size_t)count);
      total += (size_t)count;
    }
    flush(shim, output);
    close_output(shim, output);
  }
}
