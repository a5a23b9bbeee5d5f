#ifndef AURAE_EXEC_SEARCH_H
#define AURAE_EXEC_SEARCH_H

#include <stddef.h>

/* The number of entries before the NULL of an argument or environment vector. */
size_t aurae_vector_length(char *const vector[]);

/*
 * Replaces the program as execvp(3) does, but looks `file` up on the PATH of `environment`, not on that of the
 * calling process. A file without a slash is tried in each directory of PATH; a file that the kernel does not know
 * how to run (ENOEXEC) is run by /bin/sh.
 *
 * `shell_arguments` has room for aurae_vector_length(arguments) + 3 pointers: nothing is allocated here, so that it
 * may run in a child that shares its parent's memory.
 *
 * Returns only on failure, with the errno value that execvp would have set.
 */
int aurae_exec_search(const char *file, char *const arguments[], char *const environment[], char **shell_arguments);

#endif
