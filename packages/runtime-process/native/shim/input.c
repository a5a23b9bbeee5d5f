#define _GNU_SOURCE
#include "input.h"

#include "clients.h"
#include "terminal.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A terminal is in the epoll set already, for what comes out of it: level-triggered until it is found hung up again. */
static void rewatch_terminal(struct shim *shim, uint32_t events) {
  shim->outputs[0].hung_up = false;
  shim_rewatch(shim, &shim->outputs[0].source, events);
}

static void wait_for_room(struct shim *shim) {
  if (shim->settings.has_terminal) {
    rewatch_terminal(shim, EPOLLIN | EPOLLOUT);
  } else {
    shim_watch(shim, &shim->input, EPOLLOUT);
  }
}

static void close_input(struct shim *shim) {
  if (shim->settings.has_terminal) {
    shim->input.descriptor = -1;
  } else {
    shim_close_source(shim, &shim->input);
  }
}

size_t input_write(struct shim *shim, const char *bytes, size_t count) {
  size_t done = 0;
  while (done < count && shim->input.descriptor >= 0) {
    ssize_t written = write(shim->input.descriptor, bytes + done, count - done);
    if (written > 0) {
      done += (size_t)written;
    } else if (written == 0 || errno == EAGAIN) {
      wait_for_room(shim);
      return done;
    } else if (errno == EIO && shim->settings.has_terminal) {
      return count; /* nobody has the terminal open just now */
    } else if (errno != EINTR) {
      close_input(shim);
    }
  }
  return count;
}

void input_end(struct shim *shim) {
  if (!shim->settings.has_terminal) {
    close_input(shim);
    return;
  }
  int character = shim->input.descriptor < 0 ? -1 : terminal_end_of_file(shim->input.descriptor);
  if (character >= 0) {
    char typed = (char)character;
    while (write(shim->input.descriptor, &typed, 1) < 0 && errno == EINTR) {
    }
  }
}

void input_on_ready(struct shim *shim, struct source *source, uint32_t events) {
  (void)source;
  (void)events;
  if (shim->settings.has_terminal) {
    rewatch_terminal(shim, EPOLLIN);
  } else {
    shim_unwatch(shim, &shim->input);
  }
  clients_resume_input(shim);
}
