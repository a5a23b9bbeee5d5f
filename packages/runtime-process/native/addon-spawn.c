#include "addon-calls.h"
#include "addon-values.h"

#include <stdlib.h>
#include <string.h>

/* Strings that were each ended by NUL and joined: one crossing from JavaScript instead of one for each string. */
struct packed_strings {
  char *text;
  char **vector;
};

static bool read_packed_strings(napi_env env, napi_value value, struct packed_strings *packed) {
  size_t length = 0;
  *packed = (struct packed_strings){.text = aurae_read_string(env, value, &length)};
  if (packed->text == NULL) {
    return false;
  }
  size_t count = 0;
  for (size_t i = 0; i < length; i++) {
    count += packed->text[i] == '\0';
  }
  packed->vector = calloc(count + 1, sizeof *packed->vector);
  if (packed->vector == NULL) {
    return false;
  }
  char *next = packed->text;
  for (size_t i = 0; i < count; i++) {
    packed->vector[i] = next;
    next += strlen(next) + 1;
  }
  return true;
}

static void free_packed_strings(struct packed_strings *packed) {
  free(packed->vector);
  free(packed->text);
}

struct spawn_arguments {
  char *file;
  char *directory;
  char *user; /* NULL: the daemon's own */
  char *trampoline;
  struct packed_strings arguments;
  struct packed_strings environment;
  struct aurae_start start;
};

static char *read_string_property(napi_env env, napi_value options, const char *name) {
  size_t length = 0;
  return aurae_read_string(env, aurae_property(env, options, name), &length);
}

static bool read_stdio(napi_env env, napi_value list, struct aurae_start *start) {
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok || count > AURAE_MOST_STDIO) {
    return false;
  }
  start->stdio_count = count;
  for (uint32_t i = 0; i < count; i++) {
    napi_value entry = NULL;
    napi_get_element(env, list, i, &entry);
    start->stdio[i] = aurae_read_integer(env, entry);
  }
  return true;
}

static bool read_spawn_arguments(napi_env env, napi_value options, struct spawn_arguments *read) {
  read->file = read_string_property(env, options, "file");
  read->directory = read_string_property(env, options, "directory");
  read->user = read_string_property(env, options, "user");
  read->trampoline = read_string_property(env, options, "trampoline");
  if (!read_packed_strings(env, aurae_property(env, options, "arguments"), &read->arguments) ||
      !read_packed_strings(env, aurae_property(env, options, "environment"), &read->environment) ||
      !read_stdio(env, aurae_property(env, options, "stdio"), &read->start) || read->file == NULL ||
      read->directory == NULL) {
    return false;
  }
  struct aurae_start *start = &read->start;
  start->file = read->file;
  start->directory = read->directory;
  start->arguments = read->arguments.vector;
  start->environment = read->environment.vector;
  start->user = read->user;
  start->trampoline = read->trampoline;
  start->controlling_terminal = aurae_read_bool(env, aurae_property(env, options, "controllingTerminal"));
  start->cgroup = aurae_read_integer(env, aurae_property(env, options, "cgroup"));
  start->parent_death_signal = aurae_read_integer(env, aurae_property(env, options, "parentDeathSignal"));
  start->capture_limit_bytes = (size_t)aurae_read_double(env, aurae_property(env, options, "captureLimitBytes"));
  start->capture_budget_bytes = (size_t)aurae_read_double(env, aurae_property(env, options, "captureBudgetBytes"));
  return true;
}

static void free_spawn_arguments(struct spawn_arguments *read) {
  if (read == NULL) {
    return;
  }
  free(read->file);
  free(read->directory);
  free(read->user);
  free(read->trampoline);
  free_packed_strings(&read->arguments);
  free_packed_strings(&read->environment);
}

static void release_spawn_arguments(void *owner) {
  free_spawn_arguments(owner);
  free(owner);
}

/* spawn(options, onStart, onExit): the id of the process that is being started, or -errno. */
napi_value aurae_addon_spawn(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  struct spawn_arguments *read = calloc(1, sizeof *read);
  if (read == NULL || count < 3 || !read_spawn_arguments(env, arguments[0], read) ||
      napi_create_reference(env, arguments[1], 1, &read->start.on_start) != napi_ok ||
      napi_create_reference(env, arguments[2], 1, &read->start.on_exit) != napi_ok) {
    release_spawn_arguments(read);
    napi_throw_type_error(env, NULL, "spawn needs complete options and two callbacks");
    return NULL;
  }
  read->start.owner = read;
  read->start.release = release_spawn_arguments;
  struct aurae_process *process = NULL;
  int error = aurae_process_start(aurae_table_of(env), &read->start, &process);
  if (error != 0) {
    napi_delete_reference(env, read->start.on_start);
    napi_delete_reference(env, read->start.on_exit);
    release_spawn_arguments(read);
    return aurae_number(env, -(double)error);
  }
  return aurae_number(env, (double)process->id);
}
