#ifndef AURAE_SHIM_SETTINGS_VALUES_H
#define AURAE_SHIM_SETTINGS_VALUES_H

#include "settings.h"

/* Each takes the value of one key that is not just text. Returns NULL, or what is wrong with the value. */
const char *shim_take_log_sequence(struct shim_settings *settings, char *value);
const char *shim_take_log_segment_bytes(struct shim_settings *settings, char *value);
const char *shim_take_log_segments(struct shim_settings *settings, char *value);
const char *shim_take_umask(struct shim_settings *settings, char *value);
const char *shim_take_limit(struct shim_settings *settings, char *value);
const char *shim_take_stdin(struct shim_settings *settings, char *value);
const char *shim_take_terminal(struct shim_settings *settings, char *value);
const char *shim_take_stop_signal(struct shim_settings *settings, char *value);
const char *shim_take_stop_grace(struct shim_settings *settings, char *value);

#endif
