#ifndef AURAE_LOCKED_FILE_H
#define AURAE_LOCKED_FILE_H

#include <stddef.h>

/*
 * Makes the directory with its parents (mode 0700) and in it a new file (mode 0600) with flock(2) held and the text
 * written. Returns its descriptor, or -errno; then the file is not there.
 */
int aurae_locked_file_create(const char *directory, const char *path, const char *text, size_t length);

#endif
