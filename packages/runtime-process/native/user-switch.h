#ifndef AURAE_USER_SWITCH_H
#define AURAE_USER_SWITCH_H

#include "spawn.h"

/* The descriptors and arguments with which a request is run as another user by way of aurae-exec. */
struct aurae_user_switch {
  int report;         /* read end: the struct aurae_spawn_failure of aurae-exec, or end of file */
  int report_writer;  /* the child's end */
  int environment;    /* memfd */
  char parent[16];
  char **arguments;
};

/*
 * Fills `switching`, which the caller releases with the two functions below whatever the result. Returns 0 or errno.
 * `request` is what shall run, `trampoline` the path of aurae-exec, `user` as its first argument.
 */
int aurae_user_switch_prepare(struct aurae_user_switch *switching, const struct aurae_spawn_request *request,
                              const char *trampoline, const char *user);

/* Frees all that only the start needed; `report` stays open. */
void aurae_user_switch_started(struct aurae_user_switch *switching);

/* True when aurae-exec reported a failure. Closes `report`. For use once the process has ended. */
int aurae_user_switch_failed(int report, struct aurae_spawn_failure *failure);

#endif
