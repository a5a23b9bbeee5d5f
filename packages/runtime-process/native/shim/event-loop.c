#define _GNU_SOURCE
#include "shim.h"

#include "clients.h"
#include "files.h"
#include "lifetime.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>

enum { events_in_a_batch = 16 };

int shim_watch(struct shim *shim, struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  return epoll_ctl(shim->epoll, EPOLL_CTL_ADD, source->descriptor, &event) == 0 || errno == EEXIST ? 0 : errno;
}

void shim_rewatch(struct shim *shim, struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  epoll_ctl(shim->epoll, EPOLL_CTL_MOD, source->descriptor, &event);
}

void shim_unwatch(struct shim *shim, struct source *source) {
  epoll_ctl(shim->epoll, EPOLL_CTL_DEL, source->descriptor, NULL);
}

void shim_close_source(struct shim *shim, struct source *source) {
  if (source->descriptor >= 0) {
    shim_unwatch(shim, source);
    shim_close(&source->descriptor);
  }
}

static int timeout(int64_t next_ms, int64_t now_ms) {
  if (next_ms == SHIM_NEVER) {
    return -1;
  }
  int64_t left = next_ms - now_ms;
  return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void shim_run(struct shim *shim) {
  struct epoll_event batch[events_in_a_batch];
  for (;;) {
    int64_t now_ms = shim_now_ms();
    int64_t next_ms = lifetime_tick(shim, now_ms);
    clients_free_closed(shim);
    if (shim->phase == SHIM_DONE) {
      return;
    }
    int count = epoll_wait(shim->epoll, batch, events_in_a_batch, timeout(next_ms, now_ms));
    for (int i = 0; i < count && shim->phase != SHIM_DONE; i++) {
      struct source *source = batch[i].data.ptr;
      /* An event before it in this batch may have closed it. */
      if (source->descriptor >= 0) {
        source->on_ready(shim, source, batch[i].events);
      }
    }
  }
}
