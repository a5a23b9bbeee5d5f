#define _GNU_SOURCE
#include "addon-calls.h"
#include "addon-values.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static napi_value captured_bytes(napi_env env, const struct aurae_capture *capture) {
  if (capture->length == 0) {
    return aurae_null(env);
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
    napi_set_element(env, output, i * 3 + 1, aurae_number(env, (double)capture->total_bytes));
    napi_set_element(env, output, i * 3 + 2, over_budget);
  }
  aurae_process_forget(process);
  return output;
}

void aurae_process_report_start(struct aurae_process *process) {
  napi_env env = process->table->env;
  napi_handle_scope scope = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  const napi_value arguments[] = {
      aurae_number(env, process->pid),
      aurae_number(env, process->failure.step),
      aurae_number(env, process->failure.error),
  };
  if (process->failure.step != 0) {
    napi_delete_reference(env, process->start.on_exit);
    process->start.on_exit = NULL;
  }
  aurae_call_once(process->table, &process->start.on_start, 3, arguments);
  napi_close_handle_scope(env, scope);
}

void aurae_process_report_output(struct aurae_process *process) {
  napi_handle_scope scope = NULL;
  if (napi_open_handle_scope(process->table->env, &scope) != napi_ok) {
    return;
  }
  aurae_call(process->table, process->on_output, 0, NULL);
  napi_close_handle_scope(process->table->env, scope);
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
      aurae_number(env, exit->code),
      aurae_number(env, exit->status),
      aurae_number(env, (double)exit->user_cpu_us),
      aurae_number(env, (double)exit->system_cpu_us),
      aurae_number(env, (double)exit->max_rss_bytes),
      aurae_number(env, exit->failure.step),
      aurae_number(env, exit->failure.error),
      complete ? take_output(env, process) : aurae_null(env),
  };
  aurae_call_once(process->table, &on_exit, 8, arguments);
  napi_close_handle_scope(env, scope);
}

static struct aurae_process *process_argument(napi_env env, napi_callback_info info, size_t count,
                                              napi_value *arguments) {
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  return aurae_process_find(aurae_table_of(env), (uint64_t)aurae_read_double(env, arguments[0]));
}

/* signalProcess(id, signal): 0 or errno; ESRCH when it has ended. */
napi_value aurae_addon_signal_process(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  const struct aurae_process *process = process_argument(env, info, 2, arguments);
  if (process == NULL || process->pidfd < 0) {
    return aurae_number(env, ESRCH);
  }
  long result = syscall(SYS_pidfd_send_signal, process->pidfd, aurae_read_integer(env, arguments[1]), NULL, 0U);
  return aurae_number(env, result == 0 ? 0 : errno);
}

/* signalGroup(id, signal): its process group, which is surely its own until it is reaped. 0 or errno. */
napi_value aurae_addon_signal_group(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  const struct aurae_process *process = process_argument(env, info, 2, arguments);
  if (process == NULL || process->pidfd < 0) {
    return aurae_number(env, ESRCH);
  }
  return aurae_number(env, kill(-process->pid, aurae_read_integer(env, arguments[1])) == 0 ? 0 : errno);
}

/* cancelStart(id): whether the start had not begun, and never will. */
napi_value aurae_addon_cancel_start(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct aurae_process *process = process_argument(env, info, 1, arguments);
  napi_value cancelled = NULL;
  napi_get_boolean(env, process != NULL && aurae_process_cancel_start(process), &cancelled);
  return cancelled;
}

/* finishOutput(id): drains, closes the pipes and hands over; null before the end, and when it was done before. */
napi_value aurae_addon_finish_output(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct aurae_process *process = process_argument(env, info, 1, arguments);
  if (process == NULL || !process->ended) {
    return aurae_null(env);
  }
  for (size_t i = 0; i < AURAE_CHANNELS; i++) {
    aurae_capture_drain(&process->captures[i], &process->table->budget);
  }
  return take_output(env, process);
}

/* setReferenced(id, referenced): whether the process keeps the event loop alive. */
napi_value aurae_addon_set_referenced(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct aurae_process *process = process_argument(env, info, 2, arguments);
  if (process != NULL) {
    aurae_process_set_referenced(process, aurae_read_bool(env, arguments[1]));
  }
  return NULL;
}


/* followOutput(id, callback): calls it whenever output was captured; null ends that. */
napi_value aurae_addon_follow_output(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct aurae_process *process = process_argument(env, info, 2, arguments);
  napi_ref on_output = NULL;
  if (process != NULL) {
    /* Fails for null, which leaves the reference as it is. */
    napi_create_reference(env, arguments[1], 1, &on_output);
    aurae_process_follow(process, on_output);
  }
  return NULL;
}

/* capturedOutput(id, channel, from, most): a copy of what is kept from there on, or null when there is nothing. */
napi_value aurae_addon_captured_output(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  const struct aurae_process *process = process_argument(env, info, 4, arguments);
  uint32_t channel = (uint32_t)aurae_read_integer(env, arguments[1]);
  size_t from = (size_t)aurae_read_double(env, arguments[2]);
  size_t most = (size_t)aurae_read_double(env, arguments[3]);
  if (process == NULL || channel >= AURAE_CHANNELS || from >= process->captures[channel].length) {
    return aurae_null(env);
  }
  const struct aurae_capture *capture = &process->captures[channel];
  size_t count = capture->length - from < most ? capture->length - from : most;
  napi_value buffer = NULL;
  napi_create_buffer_copy(env, count, capture->data + from, NULL, &buffer);
  return buffer;
}
