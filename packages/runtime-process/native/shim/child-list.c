#define _GNU_SOURCE
#include "child-list.h"

#include "process-stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void add(struct child_list *list, pid_t pid) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    pid_t *pids = realloc(list->pids, capacity * sizeof *pids);
    if (pids == NULL) {
      return; /* the next round sees it */
    }
    list->pids = pids;
    list->capacity = capacity;
  }
  list->pids[list->count++] = pid;
}

/* Numbers, each followed by a space; one may be cut by the end of the buffer. */
static void add_numbers(struct child_list *list, int descriptor) {
  char buffer[1024];
  pid_t pid = 0;
  ssize_t count = 0;
  while ((count = read(descriptor, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR)) {
    for (ssize_t i = 0; i < count; i++) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        pid = pid * 10 + (buffer[i] - '0');
      } else if (pid != 0) {
        add(list, pid);
        pid = 0;
      }
    }
  }
}

/* False when the kernel has no such file (CONFIG_PROC_CHILDREN); a process that is gone has no children. */
static bool read_children_files(struct child_list *list, pid_t parent) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", parent);
  DIR *tasks = opendir(path);
  if (tasks == NULL) {
    return true;
  }
  bool supported = true;
  for (const struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
    long task = strtol(entry->d_name, NULL, 10);
    if (task <= 0) {
      continue;
    }
    snprintf(path, sizeof path, "%ld/children", task);
    int descriptor = openat(dirfd(tasks), path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
      add_numbers(list, descriptor);
      close(descriptor);
    } else if (task == getpid()) {
      supported = false;
    }
  }
  closedir(tasks);
  return supported;
}

static void search_all_processes(struct child_list *list, pid_t parent) {
  DIR *processes = opendir("/proc");
  if (processes == NULL) {
    return;
  }
  for (const struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    struct process_stat stat;
    if (pid > 0 && process_stat_read(pid, &stat) && stat.parent == parent) {
      add(list, pid);
    }
  }
  closedir(processes);
}

void child_list_read(struct child_list *list, pid_t parent) {
  static bool unsupported;
  list->count = 0;
  if (!unsupported && !read_children_files(list, parent)) {
    unsupported = true;
  }
  if (unsupported) {
    search_all_processes(list, parent);
  }
}

void child_list_free(struct child_list *list) {
  free(list->pids);
  *list = (struct child_list){0};
}
