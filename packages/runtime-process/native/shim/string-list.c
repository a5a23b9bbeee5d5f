#include "string-list.h"

#include <stdlib.h>

bool string_list_add(struct string_list *list, char *item) {
  if (list->count + 2 > list->capacity) {
    size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    char **items = realloc(list->items, capacity * sizeof *items);
    if (items == NULL) {
      return false;
    }
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = item;
  list->items[list->count] = NULL;
  return true;
}
