#define _GNU_SOURCE
#include "exec-search.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* What glibc's confstr(_CS_PATH) says: the search path of a process without PATH. */
static const char default_search_path[] = "/bin:/usr/bin";

size_t aurae_vector_length(char *const vector[]) {
  size_t length = 0;
  while (vector[length] != NULL) {
    length++;
  }
  return length;
}

static const char *search_path_of(char *const environment[]) {
  for (size_t i = 0; environment[i] != NULL; i++) {
    if (strncmp(environment[i], "PATH=", 5) == 0) {
      return environment[i] + 5;
    }
  }
  return default_search_path;
}

static int exec_by_shell(const char *path, char *const arguments[], char *const environment[],
                         char **shell_arguments) {
  static char shell[] = "/bin/sh";
  size_t next = 0;
  shell_arguments[next++] = shell;
  shell_arguments[next++] = (char *)path; /* execve takes its vector without const, and does not write to it */
  for (size_t i = 1; arguments[0] != NULL && arguments[i] != NULL; i++) {
    shell_arguments[next++] = arguments[i];
  }
  shell_arguments[next] = NULL;
  execve(shell, shell_arguments, environment);
  return errno;
}

static int exec_path(const char *path, char *const arguments[], char *const environment[], char **shell_arguments) {
  execve(path, arguments, environment);
  if (errno != ENOEXEC) {
    return errno;
  }
  return exec_by_shell(path, arguments, environment, shell_arguments);
}

/* Errors of one candidate after which execvp(3) tries the next directory. */
static bool tries_next_directory(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV ||
         error == ETIMEDOUT;
}

int aurae_exec_search(const char *file, char *const arguments[], char *const environment[], char **shell_arguments) {
  if (*file == '\0') {
    return ENOENT;
  }
  if (strchr(file, '/') != NULL) {
    return exec_path(file, arguments, environment, shell_arguments);
  }
  size_t file_length = strlen(file);
  if (file_length > NAME_MAX) {
    return ENAMETOOLONG;
  }

  char candidate[PATH_MAX + NAME_MAX + 2];
  bool access_denied = false;
  const char *directory = search_path_of(environment);
  for (;;) {
    const char *end = strchrnul(directory, ':');
    size_t directory_length = (size_t)(end - directory);
    if (directory_length < PATH_MAX) {
      /* An empty element means the working directory. */
      memcpy(candidate, directory, directory_length);
      candidate[directory_length] = '/';
      size_t file_start = directory_length == 0 ? 0 : directory_length + 1;
      memcpy(candidate + file_start, file, file_length + 1);
      int error = exec_path(candidate, arguments, environment, shell_arguments);
      if (!tries_next_directory(error)) {
        return error;
      }
      access_denied = access_denied || error == EACCES;
    }
    if (*end == '\0') {
      break;
    }
    directory = end + 1;
  }
  return access_denied ? EACCES : ENOENT;
}
