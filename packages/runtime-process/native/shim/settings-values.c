#define _GNU_SOURCE
#include "settings-values.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Digits up to `end_of`, which is then skipped; the text goes on after it. */
static bool parse_number(char **text, char end_of, int base, uint64_t least, uint64_t most, uint64_t *number) {
  if (**text < '0' || **text > '9') {
    return false;
  }
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(*text, &end, base);
  if (errno != 0 || *end != end_of || value < least || value > most) {
    return false;
  }
  *number = value;
  *text = end + (end_of != '\0');
  return true;
}

const char *shim_take_log_sequence(struct shim_settings *settings, char *value) {
  return parse_number(&value, '\0', 10, 1, UINT64_MAX - 1, &settings->log_sequence) ? NULL
                                                                                   : "is not a number from 1";
}

const char *shim_take_log_segment_bytes(struct shim_settings *settings, char *value) {
  return parse_number(&value, '\0', 10, 1, INT64_MAX, &settings->log_segment_bytes) ? NULL : "is not a number from 1";
}

const char *shim_take_log_segments(struct shim_settings *settings, char *value) {
  return parse_number(&value, '\0', 10, 1, 1000000, &settings->log_segments) ? NULL
                                                                            : "is not a number from 1 to 1000000";
}

const char *shim_take_umask(struct shim_settings *settings, char *value) {
  uint64_t mask = 0;
  if (!parse_number(&value, '\0', 8, 0, 0777, &mask)) {
    return "is not an octal number from 0 to 777";
  }
  settings->umask = (mode_t)mask;
  return NULL;
}

const char *shim_take_limit(struct shim_settings *settings, char *value) {
  uint64_t resource = 0;
  uint64_t soft = 0;
  uint64_t hard = 0;
  if (!parse_number(&value, ':', 10, 0, RLIM_NLIMITS - 1, &resource) ||
      !parse_number(&value, ':', 10, 0, UINT64_MAX, &soft) ||
      !parse_number(&value, '\0', 10, soft, UINT64_MAX, &hard)) {
    return "is not NUMBER:SOFT:HARD with SOFT not above HARD";
  }
  if (settings->limit_count == RLIM_NLIMITS) {
    return "is one limit too many";
  }
  settings->limits[settings->limit_count++] =
      (struct shim_limit){.resource = (int)resource, .values = {.rlim_cur = soft, .rlim_max = hard}};
  return NULL;
}

const char *shim_take_stdin(struct shim_settings *settings, char *value) {
  settings->has_stdin = strcmp(value, "pipe") == 0;
  return settings->has_stdin || strcmp(value, "null") == 0 ? NULL : "is neither null nor pipe";
}

const char *shim_take_terminal(struct shim_settings *settings, char *value) {
  uint64_t rows = 0;
  uint64_t columns = 0;
  if (!parse_number(&value, 'x', 10, 0, UINT16_MAX, &rows) ||
      !parse_number(&value, '\0', 10, 0, UINT16_MAX, &columns)) {
    return "is not ROWSxCOLUMNS";
  }
  settings->has_terminal = true;
  settings->rows = (uint16_t)rows;
  settings->columns = (uint16_t)columns;
  return NULL;
}

const char *shim_take_stop_signal(struct shim_settings *settings, char *value) {
  uint64_t number = 0;
  if (!parse_number(&value, '\0', 10, 1, NSIG - 1, &number)) {
    return "is not a number from 1 to 64";
  }
  settings->stop_signal = (int)number;
  return NULL;
}

const char *shim_take_stop_grace(struct shim_settings *settings, char *value) {
  uint64_t grace = 0;
  if (!parse_number(&value, '\0', 10, 0, UINT32_MAX, &grace)) {
    return "is not a number of milliseconds";
  }
  settings->stop_grace_ms = (uint32_t)grace;
  return NULL;
}
