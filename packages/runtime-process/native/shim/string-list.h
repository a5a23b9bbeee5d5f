#ifndef AURAE_SHIM_STRING_LIST_H
#define AURAE_SHIM_STRING_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Strings of someone else; `items` ends with NULL once there is one, as execve(2) wants it. */
struct string_list {
  char **items;
  size_t count;
  size_t capacity;
};

/* False when there is no memory. */
bool string_list_add(struct string_list *list, char *item);

#endif
