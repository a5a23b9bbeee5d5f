#ifndef AURAE_SHIM_FILES_H
#define AURAE_SHIM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes all, over interrupts and short writes. Returns the bytes that were written: fewer with errno set. */
size_t shim_write(int descriptor, const char *bytes, size_t count);

/* Reads the beginning of a small file as text. False with errno set. */
bool shim_read_text(const char *path, char *text, size_t size);

/* Writes to a file that is there, as those of cgroups are. Returns 0 or errno. */
int shim_write_text(const char *path, const char *text);

/* Makes the directory and those above it that are absent, mode 0700. Returns 0 or errno; `made` tells of the last. */
int shim_make_directories(const char *path, bool *made);

/* The same for the directory that holds `path`. */
int shim_make_parents(const char *path);

void shim_close(int *descriptor);

#endif
