#ifndef AURAE_ADDON_VALUES_H
#define AURAE_ADDON_VALUES_H

#include "process-table.h"

/* Between JavaScript's values and C's. What is of the wrong type reads as 0 or NULL: src/ passes the right ones. */

struct aurae_process_table *aurae_table_of(napi_env env);

napi_value aurae_number(napi_env env, double value);
napi_value aurae_null(napi_env env);
napi_value aurae_property(napi_env env, napi_value object, const char *name);

int32_t aurae_read_integer(napi_env env, napi_value value);
double aurae_read_double(napi_env env, napi_value value);
bool aurae_read_bool(napi_env env, napi_value value);

/* The caller frees it. NULL when it is no string or memory is short. */
char *aurae_read_string(napi_env env, napi_value value, size_t *length);

/* Calls a function from outside JavaScript; what it throws is an uncaught exception. */
void aurae_call(struct aurae_process_table *table, napi_ref reference, size_t count, const napi_value *arguments);

/* The same, and lets go of it. */
void aurae_call_once(struct aurae_process_table *table, napi_ref *reference, size_t count,
                     const napi_value *arguments);

#endif
