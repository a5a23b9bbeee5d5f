#define _GNU_SOURCE
#include "process-table.h"

#include <node_api.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* Everything TypeScript sees of the native part; src/native-binding.ts has the types and says what they mean. */

static struct aurae_process_table *table_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

static napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

static napi_value null_value(napi_env env) {
  napi_value result = NULL;
  napi_get_null(env, &result);
  return result;
}

static int32_t read_integer(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

static double read_double(napi_env env, napi_value value) {
  double result = 0;
  napi_get_value_double(env, value, &result);
  return result;
}

static napi_value property(napi_env env, napi_value object, const char *name) {
  napi_value result = NULL;
  napi_get_named_property(env, object, name, &result);
  return result;
}

/* The caller frees it. NULL when it is no string or memory is short. */
static char *read_string(napi_env env, napi_value value, size_t *length) {
  *length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, length) != napi_ok) {
    return NULL;
  }
  char *text = malloc(*length + 1);
  if (text != NULL && napi_get_value_string_utf8(env, value, text, *length + 1, length) != napi_ok) {
    free(text);
    return NULL;
  }
  return text;
}

/* Strings that were each ended by NUL and joined: one crossing from JavaScript instead of one for each string. */
struct packed_strings {
  char *text;
  char **vector;
};

static bool read_packed_strings(napi_env env, napi_value value, struct packed_strings *packed) {
  size_t length = 0;
  *packed = (struct packed_strings){.text = read_string(env, value, &length)};
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
  return read_string(env, property(env, options, name), &length);
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
    start->stdio[i] = read_integer(env, entry);
  }
  return true;
}

static bool read_spawn_arguments(napi_env env, napi_value options, struct spawn_arguments *read) {
  read->file = read_string_property(env, options, "file");
  read->directory = read_string_property(env, options, "directory");
  read->user = read_string_property(env, options, "user");
  read->trampoline = read_string_property(env, options, "trampoline");
  if (!read_packed_strings(env, property(env, options, "arguments"), &read->arguments) ||
      !read_packed_strings(env, property(env, options, "environment"), &read->environment) ||
      !read_stdio(env, property(env, options, "stdio"), &read->start) || read->file == NULL ||
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
  start->parent_death_signal = read_integer(env, property(env, options, "parentDeathSignal"));
  start->capture_limit_bytes = (size_t)read_double(env, property(env, options, "captureLimitBytes"));
  start->capture_budget_bytes = (size_t)read_double(env, property(env, options, "captureBudgetBytes"));
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
static napi_value spawn(napi_env env, napi_callback_info info) {
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
  int error = aurae_process_start(table_of(env), &read->start, &process);
  if (error != 0) {
    napi_delete_reference(env, read->start.on_start);
    napi_delete_reference(env, read->start.on_exit);
    release_spawn_arguments(read);
    return number(env, -(double)error);
  }
  return number(env, (double)process->id);
}

static napi_value captured_bytes(napi_env env, const struct aurae_capture *capture) {
  if (capture->length == 0) {
    return null_value(env);
  }
  napi_value buffer = NULL;
  napi_create_buffer_copy(env, capture->length, capture->data, NULL, &buffer);
  return buffer;
}

/* Hands over what was captured, and forgets the process. */
static napi_value take_output(napi_env env, struct aurae_process *process) {
  napi_value output = NULL;
  napi_create_array_with_length(env, AURAE_CHANNELS * 3, &output);
  for (uint32_t i = 0; i < AURAE_CHANNELS; i++) {
    const struct aurae_capture *capture = &process->captures[i];
    napi_value over_budget = NULL;
    napi_get_boolean(env, capture->over_budget, &over_budget);
    napi_set_element(env, output, i * 3, captured_bytes(env, capture));
    napi_set_element(env, output, i * 3 + 1, number(env, (double)capture->total_bytes));
    napi_set_element(env, output, i * 3 + 2, over_budget);
  }
  aurae_process_forget(process);
  return output;
}

/* Calls a callback from outside JavaScript, once, and lets go of it. */
static void call_back(struct aurae_process *process, napi_ref *reference, size_t count, const napi_value *arguments) {
  napi_env env = process->table->env;
  napi_async_context context = process->table->async_context;
  napi_value callback = NULL;
  napi_value receiver = NULL;
  napi_get_reference_value(env, *reference, &callback);
  napi_delete_reference(env, *reference);
  *reference = NULL;
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, context, receiver, callback, count, arguments, NULL) == napi_pending_exception) {
    napi_value error = NULL;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
}

void aurae_process_report_start(struct aurae_process *process) {
  napi_env env = process->table->env;
  napi_handle_scope scope = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  const napi_value arguments[] = {
      number(env, process->pid),
      number(env, process->failure.step),
      number(env, process->failure.error),
  };
  if (process->failure.step != 0) {
    napi_delete_reference(env, process->start.on_exit);
    process->start.on_exit = NULL;
  }
  call_back(process, &process->start.on_start, 3, arguments);
  napi_close_handle_scope(env, scope);
}

void aurae_process_report_exit(struct aurae_process *process) {
  napi_env env = process->table->env;
  napi_handle_scope scope = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  const struct aurae_exit *exit = &process->exit;
  bool complete = process->captures[0].descriptor < 0 && process->captures[1].descriptor < 0 && !exit->group_alive;
  napi_ref on_exit = process->start.on_exit;
  process->start.on_exit = NULL;
  const napi_value arguments[] = {
      number(env, exit->code),
      number(env, exit->status),
      number(env, (double)exit->user_cpu_us),
      number(env, (double)exit->system_cpu_us),
      number(env, (double)exit->max_rss_bytes),
      number(env, exit->failure.step),
      number(env, exit->failure.error),
      complete ? take_output(env, process) : null_value(env),
  };
  call_back(process, &on_exit, 8, arguments);
  napi_close_handle_scope(env, scope);
}

static struct aurae_process *process_argument(napi_env env, napi_callback_info info, size_t count,
                                              napi_value *arguments) {
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  return aurae_process_find(table_of(env), (uint64_t)read_double(env, arguments[0]));
}

/* signalProcess(id, signal): 0 or errno; ESRCH when it has ended. */
static napi_value signal_process(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  const struct aurae_process *process = process_argument(env, info, 2, arguments);
  if (process == NULL || process->pidfd < 0) {
    return number(env, ESRCH);
  }
  long result = syscall(SYS_pidfd_send_signal, process->pidfd, read_integer(env, arguments[1]), NULL, 0U);
  return number(env, result == 0 ? 0 : errno);
}

/* signalGroup(id, signal): its process group, which is surely its own until it is reaped. 0 or errno. */
static napi_value signal_group(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  const struct aurae_process *process = process_argument(env, info, 2, arguments);
  if (process == NULL || process->pidfd < 0) {
    return number(env, ESRCH);
  }
  return number(env, kill(-process->pid, read_integer(env, arguments[1])) == 0 ? 0 : errno);
}

/* cancelStart(id): whether the start had not begun, and never will. */
static napi_value cancel_start(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct aurae_process *process = process_argument(env, info, 1, arguments);
  napi_value cancelled = NULL;
  napi_get_boolean(env, process != NULL && aurae_process_cancel_start(process), &cancelled);
  return cancelled;
}

/* finishOutput(id): drains, closes the pipes and hands over; null before the end, and when it was done before. */
static napi_value finish_output(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct aurae_process *process = process_argument(env, info, 1, arguments);
  if (process == NULL || !process->ended) {
    return null_value(env);
  }
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    aurae_capture_drain(&process->captures[i], &process->table->budget);
  }
  return take_output(env, process);
}

/* setReferenced(id, referenced): whether the process keeps the event loop alive. */
static napi_value set_referenced(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct aurae_process *process = process_argument(env, info, 2, arguments);
  bool referenced = true;
  napi_get_value_bool(env, arguments[1], &referenced);
  if (process != NULL) {
    aurae_process_set_referenced(process, referenced);
  }
  return NULL;
}

/* pidfdOpen(pid): a descriptor that the caller closes, or -errno. */
static napi_value pidfd_open_pid(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  long descriptor = syscall(SYS_pidfd_open, read_integer(env, arguments[0]), 0U);
  return number(env, descriptor >= 0 ? (double)descriptor : -(double)errno);
}

/* pidfdSendSignal(pidfd, signal): 0 or errno. */
static napi_value pidfd_send(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  long result = syscall(SYS_pidfd_send_signal, read_integer(env, arguments[0]), read_integer(env, arguments[1]),
                        NULL, 0U);
  return number(env, result == 0 ? 0 : errno);
}

/* waitid(2) of a pidfd came with Linux 5.4: this one would be a bad descriptor there, and is a bad argument before. */
static bool kernel_waits_for_pidfds(void) {
  siginfo_t info;
  long result = syscall(SYS_waitid, P_PIDFD, INT_MAX, &info, WEXITED | WNOHANG, NULL);
  return result == 0 || (errno != EINVAL && errno != ENOSYS);
}

static napi_value initialize(napi_env env, napi_value exports) {
  if (!kernel_waits_for_pidfds()) {
    napi_throw_error(env, "AURAE_KERNEL", "@aurae/runtime-process needs Linux 5.4 or later: waitid(2) with P_PIDFD");
    return NULL;
  }
  struct aurae_process_table *table = aurae_process_table_create(env);
  if (table == NULL) {
    napi_throw_error(env, NULL, "the process table cannot be created: out of memory or descriptors");
    return NULL;
  }
  napi_set_instance_data(env, table, NULL, NULL);
  napi_property_descriptor properties[] = {
      {.utf8name = "spawn", .method = spawn, .attributes = napi_enumerable},
      {.utf8name = "signalProcess", .method = signal_process, .attributes = napi_enumerable},
      {.utf8name = "signalGroup", .method = signal_group, .attributes = napi_enumerable},
      {.utf8name = "cancelStart", .method = cancel_start, .attributes = napi_enumerable},
      {.utf8name = "finishOutput", .method = finish_output, .attributes = napi_enumerable},
      {.utf8name = "setReferenced", .method = set_referenced, .attributes = napi_enumerable},
      {.utf8name = "pidfdOpen", .method = pidfd_open_pid, .attributes = napi_enumerable},
      {.utf8name = "pidfdSendSignal", .method = pidfd_send, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, initialize)
