#define _GNU_SOURCE
#include "settings.h"

#include "settings-values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { first_capacity = 16 * 1024 };

static const char *take_absolute(char **kept, char *value) {
  if (*value != '/') {
    return "is not an absolute path";
  }
  free(*kept);
  *kept = strdup(value);
  return *kept == NULL ? "does not fit into memory" : NULL;
}

static const char *take_directory(struct shim_settings *s, char *value) { return take_absolute(&s->directory, value); }
static const char *take_log(struct shim_settings *s, char *value) { return take_absolute(&s->log, value); }
static const char *take_socket(struct shim_settings *s, char *value) { return take_absolute(&s->socket, value); }
static const char *take_kill(struct shim_settings *s, char *value) { return take_absolute(&s->cgroup_kill, value); }
static const char *take_freezer(struct shim_settings *s, char *value) {
  return take_absolute(&s->cgroup_freezer, value);
}
static const char *take_events(struct shim_settings *s, char *value) { return take_absolute(&s->cgroup_events, value); }

static const char *take_item(struct string_list *list, char *value) {
  return string_list_add(list, value) ? NULL : "does not fit into memory";
}

static const char *take_cgroup(struct shim_settings *s, char *value) {
  char *kept = NULL;
  const char *fault = take_absolute(&kept, value);
  if (fault == NULL && (fault = take_item(&s->cgroups, kept)) != NULL) {
    free(kept);
  }
  return fault;
}

static const char *take_cgroup_value(struct shim_settings *s, char *value) {
  if (*value != '/' || strchr(value, '=') == NULL) {
    return "is not FILE=VALUE with an absolute FILE";
  }
  return take_item(&s->cgroup_values, value);
}

static const char *take_argument(struct shim_settings *s, char *value) { return take_item(&s->arguments, value); }
static const char *take_variable(struct shim_settings *s, char *value) { return take_item(&s->environment, value); }
static const char *take_shim_cgroup(struct shim_settings *s, char *value) { return take_item(&s->shim_cgroups, value); }

static const char *take_file(struct shim_settings *s, char *value) {
  s->file = value;
  return NULL;
}

static const char *take_cwd(struct shim_settings *s, char *value) {
  s->cwd = value;
  return *value == '/' ? NULL : "is not an absolute path";
}

static const char *take_user(struct shim_settings *s, char *value) {
  s->user = value;
  return *value == '\0' ? "is empty" : NULL;
}

static const char *take_trampoline(struct shim_settings *s, char *value) {
  s->trampoline = value;
  return *value == '/' ? NULL : "is not an absolute path";
}

static const struct {
  const char *key;
  const char *(*take)(struct shim_settings *settings, char *value);
} keys[] = {
    {"env", take_variable},
    {"arg", take_argument},
    {"directory", take_directory},
    {"log", take_log},
    {"log-sequence", shim_take_log_sequence},
    {"log-segment-bytes", shim_take_log_segment_bytes},
    {"log-segments", shim_take_log_segments},
    {"socket", take_socket},
    {"file", take_file},
    {"cwd", take_cwd},
    {"user", take_user},
    {"trampoline", take_trampoline},
    {"umask", shim_take_umask},
    {"limit", shim_take_limit},
    {"cgroup", take_cgroup},
    {"cgroup-set", take_cgroup_value},
    {"cgroup-kill", take_kill},
    {"cgroup-freezer", take_freezer},
    {"cgroup-events", take_events},
    {"shim-cgroup", take_shim_cgroup},
    {"stdin", shim_take_stdin},
    {"terminal", shim_take_terminal},
    {"stop-signal", shim_take_stop_signal},
    {"stop-grace-ms", shim_take_stop_grace},
};

static int take_setting(struct shim_settings *settings, char *setting, struct shim_failure *failure) {
  char *value = strchr(setting, '=');
  if (value == NULL) {
    return shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "the setting \"%.80s\" has no \"=\"", setting);
  }
  *value++ = '\0';
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(setting, keys[i].key) == 0) {
      const char *fault = keys[i].take(settings, value);
      return fault == NULL ? 0
                           : shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "the setting %s=\"%.200s\" %s", setting,
                                       value, fault);
    }
  }
  return shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "there is no setting \"%.80s\"", setting);
}

static bool is_listed(const struct string_list *list, const char *item) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i], item) == 0) {
      return true;
    }
  }
  return false;
}

static int check_whole(const struct shim_settings *s, struct shim_failure *failure) {
  const char *missing = s->directory == NULL         ? "directory"
                        : s->log == NULL             ? "log"
                        : s->socket == NULL          ? "socket"
                        : s->file == NULL            ? "file"
                        : s->arguments.count == 0    ? "arg"
                        : s->user != NULL && s->trampoline == NULL ? "trampoline"
                                                     : NULL;
  if (missing != NULL) {
    return shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "the setting \"%s\" is missing", missing);
  }
  const char *chosen[] = {s->cgroup_kill, s->cgroup_freezer};
  for (size_t i = 0; i < 2; i++) {
    if (chosen[i] != NULL && !is_listed(&s->cgroups, chosen[i])) {
      return shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "\"%.200s\" is none of the settings \"cgroup\"",
                       chosen[i]);
    }
  }
  return 0;
}

/* The whole text, followed by a NUL. NULL with errno. */
static char *read_whole(int descriptor, size_t *length) {
  size_t capacity = first_capacity;
  char *text = malloc(capacity);
  *length = 0;
  bool seekable = true;
  while (text != NULL) {
    size_t room = capacity - 1 - *length;
    ssize_t count = seekable ? pread(descriptor, text + *length, room, (off_t)*length)
                             : read(descriptor, text + *length, room);
    if (count < 0 && errno == ESPIPE && seekable) {
      seekable = false;
    } else if (count < 0 && errno != EINTR) {
      break;
    } else if (count == 0) {
      text[*length] = '\0';
      return text;
    } else if (count > 0 && (*length += (size_t)count) == capacity - 1) {
      capacity *= 2;
      char *larger = realloc(text, capacity);
      if (larger == NULL) {
        break;
      }
      text = larger;
    }
  }
  int error = errno;
  free(text);
  errno = error;
  return NULL;
}

int shim_settings_read(struct shim_settings *settings, int descriptor, struct shim_failure *failure) {
  *settings = (struct shim_settings){.log_segment_bytes = 10 * 1024 * 1024,
                                     .log_segments = 5,
                                     .stop_signal = 15,
                                     .stop_grace_ms = 10000,
                                     .umask = 022};
  size_t length = 0;
  settings->text = read_whole(descriptor, &length);
  if (settings->text == NULL) {
    return shim_fail(failure, AURAE_STEP_SETTINGS, errno, "cannot read the settings from descriptor %d", descriptor);
  }
  if (length > 0 && settings->text[length - 1] != '\0') {
    return shim_fail(failure, AURAE_STEP_SETTINGS, EINVAL, "the settings end without NUL");
  }
  for (char *next = settings->text; next < settings->text + length;) {
    char *following = next + strlen(next) + 1;
    if (take_setting(settings, next, failure) != 0) {
      return -1;
    }
    next = following;
  }
  static char root[] = "/";
  static char *no_environment[] = {NULL};
  settings->cwd = settings->cwd == NULL ? root : settings->cwd;
  if (settings->environment.items == NULL) {
    settings->environment.items = no_environment;
  }
  return check_whole(settings, failure);
}

static void free_list(struct string_list *list) {
  if (list->capacity > 0) {
    free(list->items);
  }
  *list = (struct string_list){0};
}

void shim_settings_started(struct shim_settings *settings) {
  free_list(&settings->arguments);
  free_list(&settings->environment);
  free_list(&settings->cgroup_values);
  free_list(&settings->shim_cgroups);
  free(settings->text);
  settings->text = NULL;
}

void shim_settings_free(struct shim_settings *settings) {
  shim_settings_started(settings);
  for (size_t i = 0; i < settings->cgroups.count; i++) {
    free(settings->cgroups.items[i]);
  }
  free_list(&settings->cgroups);
  free(settings->directory);
  free(settings->log);
  free(settings->socket);
  free(settings->cgroup_kill);
  free(settings->cgroup_freezer);
  free(settings->cgroup_events);
}
