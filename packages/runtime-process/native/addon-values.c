#include "addon-values.h"

#include <stdlib.h>

struct aurae_process_table *aurae_table_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

napi_value aurae_number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

napi_value aurae_null(napi_env env) {
  napi_value result = NULL;
  napi_get_null(env, &result);
  return result;
}

int32_t aurae_read_integer(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

double aurae_read_double(napi_env env, napi_value value) {
  double result = 0;
  napi_get_value_double(env, value, &result);
  return result;
}

napi_value aurae_property(napi_env env, napi_value object, const char *name) {
  napi_value result = NULL;
  napi_get_named_property(env, object, name, &result);
  return result;
}

bool aurae_read_bool(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

char *aurae_read_string(napi_env env, napi_value value, size_t *length) {
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

void aurae_call(struct aurae_process_table *table, napi_ref reference, size_t count, const napi_value *arguments) {
  napi_env env = table->env;
  napi_value callback = NULL;
  napi_value receiver = NULL;
  napi_get_reference_value(env, reference, &callback);
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, table->async_context, receiver, callback, count, arguments, NULL) ==
      napi_pending_exception) {
    napi_value error = NULL;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
}

void aurae_call_once(struct aurae_process_table *table, napi_ref *reference, size_t count,
                     const napi_value *arguments) {
  napi_ref taken = *reference;
  *reference = NULL;
  aurae_call(table, taken, count, arguments);
  napi_delete_reference(table->env, taken);
}
