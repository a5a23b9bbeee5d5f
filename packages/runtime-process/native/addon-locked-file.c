#include "addon-calls.h"
#include "addon-values.h"
#include "locked-file.h"

#include <errno.h>
#include <stdlib.h>

/* One call for what takes four through node:fs, each with its way to a thread and back. */
struct creation {
  napi_async_work work;
  napi_deferred deferred;
  char *directory;
  char *path;
  char *text;
  size_t length;
  int result;
};

static char *read_string(napi_env env, napi_value value, size_t *length) {
  if (napi_get_value_string_utf8(env, value, NULL, 0, length) != napi_ok) {
    return NULL;
  }
  char *text = malloc(*length + 1);
  if (text != NULL) {
    napi_get_value_string_utf8(env, value, text, *length + 1, length);
  }
  return text;
}

static void free_creation(struct creation *creation) {
  free(creation->directory);
  free(creation->path);
  free(creation->text);
  free(creation);
}

static void create(napi_env env, void *data) {
  (void)env;
  struct creation *creation = data;
  creation->result =
      aurae_locked_file_create(creation->directory, creation->path, creation->text, creation->length);
}

static void settle(napi_env env, napi_status status, void *data) {
  struct creation *creation = data;
  double result = status == napi_ok ? creation->result : -(double)ECANCELED;
  napi_resolve_deferred(env, creation->deferred, aurae_number(env, result));
  napi_delete_async_work(env, creation->work);
  free_creation(creation);
}

static bool begin(napi_env env, struct creation *creation, napi_value *promise) {
  napi_value name = NULL;
  napi_create_string_utf8(env, "aurae-locked-file", NAPI_AUTO_LENGTH, &name);
  return napi_create_async_work(env, NULL, name, create, settle, creation, &creation->work) == napi_ok &&
         napi_create_promise(env, &creation->deferred, promise) == napi_ok &&
         napi_queue_async_work(env, creation->work) == napi_ok;
}

/* createLockedFile(directory, path, text): a promise of a descriptor that the caller closes, or of -errno. */
napi_value aurae_addon_create_locked_file(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  struct creation *creation = calloc(1, sizeof *creation);
  napi_value promise = NULL;
  size_t ignored = 0;
  if (creation != NULL && count == 3) {
    creation->directory = read_string(env, arguments[0], &ignored);
    creation->path = read_string(env, arguments[1], &ignored);
    creation->text = read_string(env, arguments[2], &creation->length);
  }
  if (creation == NULL || creation->directory == NULL || creation->path == NULL || creation->text == NULL ||
      !begin(env, creation, &promise)) {
    if (creation != NULL) {
      free_creation(creation);
    }
    napi_throw_error(env, NULL, "createLockedFile takes three strings, and memory");
    return NULL;
  }
  return promise;
}
