#ifndef AURAE_SHIM_PROCESS_TREE_H
#define AURAE_SHIM_PROCESS_TREE_H

#include "process-stat.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The descendants of this process, a subreaper that no descendant can leave. A pid is only signalled while it surely
 * is one: a child of ours that has not been reaped, or a child, seen after it was pinned by a pidfd, of a pinned
 * process that is still there.
 */

/* Sends to every descendant, the deepest first: a parent that dies must not hide its children. */
void process_tree_signal(int signal);

/* Stops every descendant, parents first, until a round finds none that runs, or a bounded number of rounds. */
void process_tree_stop(void);

/* The child that started first; 0 when there is none. */
pid_t process_tree_oldest_child(struct process_stat *stat);

#endif
