#ifndef AURAE_SHIM_CHILD_LIST_H
#define AURAE_SHIM_CHILD_LIST_H

#include <stddef.h>
#include <sys/types.h>

struct child_list {
  pid_t *pids;
  size_t count;
  size_t capacity;
};

/* The children of all threads of a process, as far as they are to be seen. Empty where nothing can be read. */
void child_list_read(struct child_list *list, pid_t parent);

void child_list_free(struct child_list *list);

#endif
