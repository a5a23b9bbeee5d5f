#define _GNU_SOURCE
#include "addon-calls.h"
#include "process-table.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

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
      {.utf8name = "spawn", .method = aurae_addon_spawn, .attributes = napi_enumerable},
      {.utf8name = "signalProcess", .method = aurae_addon_signal_process, .attributes = napi_enumerable},
      {.utf8name = "signalGroup", .method = aurae_addon_signal_group, .attributes = napi_enumerable},
      {.utf8name = "cancelStart", .method = aurae_addon_cancel_start, .attributes = napi_enumerable},
      {.utf8name = "finishOutput", .method = aurae_addon_finish_output, .attributes = napi_enumerable},
      {.utf8name = "followOutput", .method = aurae_addon_follow_output, .attributes = napi_enumerable},
      {.utf8name = "capturedOutput", .method = aurae_addon_captured_output, .attributes = napi_enumerable},
      {.utf8name = "setReferenced", .method = aurae_addon_set_referenced, .attributes = napi_enumerable},
      {.utf8name = "pidfdOpen", .method = aurae_addon_pidfd_open, .attributes = napi_enumerable},
      {.utf8name = "pidfdSendSignal", .method = aurae_addon_pidfd_send_signal, .attributes = napi_enumerable},
      {.utf8name = "createPipe", .method = aurae_addon_create_pipe, .attributes = napi_enumerable},
      {.utf8name = "memoryFile", .method = aurae_addon_memory_file, .attributes = napi_enumerable},
      {.utf8name = "tryLock", .method = aurae_addon_try_lock, .attributes = napi_enumerable},
      {.utf8name = "createLockedFile", .method = aurae_addon_create_locked_file, .attributes = napi_enumerable},
      {.utf8name = "makeNonBlocking", .method = aurae_addon_make_non_blocking, .attributes = napi_enumerable},
      {.utf8name = "isReservedDescriptor", .method = aurae_addon_is_reserved_descriptor, .attributes = napi_enumerable},
      {.utf8name = "pollDescriptor", .method = aurae_addon_poll_descriptor, .attributes = napi_enumerable},
      {.utf8name = "whenReady", .method = aurae_addon_when_ready, .attributes = napi_enumerable},
      {.utf8name = "ignoreReady", .method = aurae_addon_ignore_ready, .attributes = napi_enumerable},
      {.utf8name = "prepareTerminal", .method = aurae_addon_prepare_terminal, .attributes = napi_enumerable},
      {.utf8name = "endOfFileCharacter", .method = aurae_addon_end_of_file_character, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, initialize)
