#include "readiness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

int aurae_readiness_wait(struct aurae_process_table *table, int descriptor, uint32_t events, napi_ref on_ready,
                         uint64_t *id) {
  struct aurae_readiness *readiness = calloc(1, sizeof *readiness);
  if (readiness == NULL) {
    return ENOMEM;
  }
  struct epoll_event event = {.events = events, .data.ptr = &readiness->watch};
  if (epoll_ctl(table->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    int error = errno;
    free(readiness);
    return error;
  }
  readiness->table = table;
  readiness->id = ++table->last_id;
  readiness->descriptor = descriptor;
  readiness->on_ready = on_ready;
  readiness->next = table->waiting;
  if (table->waiting != NULL) {
    table->waiting->previous = readiness;
  }
  table->waiting = readiness;
  aurae_table_count_reference(table, true);
  *id = readiness->id;
  return 0;
}

/* Ends the wait. The reference becomes the caller's. */
static napi_ref finish(struct aurae_readiness *readiness) {
  struct aurae_process_table *table = readiness->table;
  napi_ref on_ready = readiness->on_ready;
  readiness->on_ready = NULL;
  epoll_ctl(table->epoll, EPOLL_CTL_DEL, readiness->descriptor, NULL);
  aurae_table_count_reference(table, false);
  if (readiness->next != NULL) {
    readiness->next->previous = readiness->previous;
  }
  if (readiness->previous != NULL) {
    readiness->previous->next = readiness->next;
  } else {
    table->waiting = readiness->next;
  }
  readiness->next = table->done;
  table->done = readiness;
  return on_ready;
}

void aurae_readiness_ignore(struct aurae_process_table *table, uint64_t id) {
  struct aurae_readiness *readiness = table->waiting;
  while (readiness != NULL && readiness->id != id) {
    readiness = readiness->next;
  }
  if (readiness == NULL) {
    return;
  }
  napi_delete_reference(table->env, finish(readiness));
  if (!table->dispatching) {
    aurae_readiness_free_done(table);
  }
}

void aurae_readiness_dispatch(struct aurae_watch *watch, uint32_t events) {
  struct aurae_readiness *readiness = (struct aurae_readiness *)watch;
  if (readiness->on_ready != NULL) {
    aurae_readiness_report(readiness->table, finish(readiness), events);
  }
}

void aurae_readiness_free_done(struct aurae_process_table *table) {
  while (table->done != NULL) {
    struct aurae_readiness *readiness = table->done;
    table->done = readiness->next;
    free(readiness);
  }
}

void aurae_readiness_release_all(struct aurae_process_table *table) {
  while (table->waiting != NULL) {
    napi_delete_reference(table->env, finish(table->waiting));
  }
  aurae_readiness_free_done(table);
}
