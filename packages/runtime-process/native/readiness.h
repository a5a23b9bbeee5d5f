#ifndef AURAE_READINESS_H
#define AURAE_READINESS_H

#include "process-table.h"

/*
 * Waits, once, for a descriptor of JavaScript's own to be ready: its pipes and terminals are read and written there, so
 * that nothing is read before somebody wants it. One descriptor can be waited for once at a time: who reads and writes
 * the same terminal does so by two.
 */
struct aurae_readiness {
  struct aurae_watch watch; /* first: the epoll set hands it back */
  struct aurae_process_table *table;
  struct aurae_readiness *previous;
  struct aurae_readiness *next;
  uint64_t id;
  int descriptor;
  napi_ref on_ready; /* NULL: it has been called, or is not wanted any more */
};

/* `events` of epoll_ctl(2). Takes over `on_ready` when it returns 0; otherwise the result is an errno. */
int aurae_readiness_wait(struct aurae_process_table *table, int descriptor, uint32_t events, napi_ref on_ready,
                         uint64_t *id);

/* Before the descriptor is closed. Harmless when it was ready already. */
void aurae_readiness_ignore(struct aurae_process_table *table, uint64_t id);

void aurae_readiness_dispatch(struct aurae_watch *watch, uint32_t events);

/* Those that the current batch of events may name stay until this. */
void aurae_readiness_free_done(struct aurae_process_table *table);

void aurae_readiness_release_all(struct aurae_process_table *table);

/* Tells JavaScript: calls the reference and lets go of it. */
void aurae_readiness_report(struct aurae_process_table *table, napi_ref on_ready, uint32_t events);

#endif
