#ifndef AURAE_ADDON_CALLS_H
#define AURAE_ADDON_CALLS_H

#include <node_api.h>

/* What TypeScript calls; src/native-binding.ts has the types and says what they mean. */
napi_value aurae_addon_spawn(napi_env env, napi_callback_info info);
napi_value aurae_addon_signal_process(napi_env env, napi_callback_info info);
napi_value aurae_addon_signal_group(napi_env env, napi_callback_info info);
napi_value aurae_addon_cancel_start(napi_env env, napi_callback_info info);
napi_value aurae_addon_finish_output(napi_env env, napi_callback_info info);
napi_value aurae_addon_follow_output(napi_env env, napi_callback_info info);
napi_value aurae_addon_captured_output(napi_env env, napi_callback_info info);
napi_value aurae_addon_set_referenced(napi_env env, napi_callback_info info);
napi_value aurae_addon_pidfd_open(napi_env env, napi_callback_info info);
napi_value aurae_addon_pidfd_send_signal(napi_env env, napi_callback_info info);
napi_value aurae_addon_create_pipe(napi_env env, napi_callback_info info);
napi_value aurae_addon_memory_file(napi_env env, napi_callback_info info);
napi_value aurae_addon_try_lock(napi_env env, napi_callback_info info);
napi_value aurae_addon_create_locked_file(napi_env env, napi_callback_info info);
napi_value aurae_addon_make_non_blocking(napi_env env, napi_callback_info info);
napi_value aurae_addon_is_reserved_descriptor(napi_env env, napi_callback_info info);
napi_value aurae_addon_poll_descriptor(napi_env env, napi_callback_info info);
napi_value aurae_addon_when_ready(napi_env env, napi_callback_info info);
napi_value aurae_addon_ignore_ready(napi_env env, napi_callback_info info);
napi_value aurae_addon_prepare_terminal(napi_env env, napi_callback_info info);
napi_value aurae_addon_end_of_file_character(napi_env env, napi_callback_info info);

#endif
