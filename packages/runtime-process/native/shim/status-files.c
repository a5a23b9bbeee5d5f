#define _GNU_SOURCE
#include "status-files.h"

#include "clients.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { exit_room_bytes = 4096, log_pause_ms = 200 };

static int path_in(const struct shim *shim, const char *name, char *path) {
  return snprintf(path, PATH_MAX, "%s/%s", shim->settings.directory, name) < PATH_MAX ? 0 : ENAMETOOLONG;
}

static int open_in(const struct shim *shim, const char *name, int flags, int *descriptor) {
  char path[PATH_MAX];
  int error = path_in(shim, name, path);
  *descriptor = error == 0 ? open(path, flags | O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600) : -1;
  return error != 0 ? error : *descriptor < 0 ? errno : 0;
}

static int rename_in(const struct shim *shim, const char *from, const char *to) {
  char old_path[PATH_MAX];
  char new_path[PATH_MAX];
  int error = path_in(shim, from, old_path);
  error = error == 0 ? path_in(shim, to, new_path) : error;
  return error != 0 ? error : rename(old_path, new_path) == 0 ? 0 : errno;
}

static int sync_directory(const struct shim *shim) {
  int directory = open(shim->settings.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = directory >= 0 && fsync(directory) == 0 ? 0 : errno;
  shim_close(&directory);
  return error == EINVAL ? 0 : error; /* a file system that has nothing to sync */
}

int status_files_prepare(const struct shim *shim, struct shim_failure *failure) {
  int descriptor = -1;
  int error = open_in(shim, "exit.new", O_TRUNC, &descriptor);
  if (error == 0) {
    error = posix_fallocate(descriptor, 0, exit_room_bytes);
  }
  shim_close(&descriptor);
  return error == 0 ? 0 : shim_fail(failure, AURAE_STEP_FILES, error, "%s/exit.new", shim->settings.directory);
}

/* Without the closing brace, which the exit file puts off. */
static size_t common_json(const struct shim *shim, char *text, size_t size) {
  int length = snprintf(text, size,
                        "{\"protocol\":1,\"shimPid\":%d,\"shimStartTime\":%" PRIu64 ",\"pid\":%d,\"startTime\":%" PRIu64
                        ",\"startedAtMs\":%" PRId64 ",\"stopping\":%d,\"stuck\":%d,\"logFirstSequence\":%" PRIu64
                        ",\"logNextSequence\":%" PRIu64 ",\"logLost\":%" PRIu64,
                        shim->own_pid, shim->own_start_time, shim->pid, shim->start_time, shim->started_at_ms,
                        shim->ladder.phase != LADDER_IDLE, shim->ladder.stuck, shim->log.first_sequence,
                        shim->log.next_sequence, shim->log.lost);
  return (size_t)length;
}

size_t status_state_json(const struct shim *shim, char *text, size_t size) {
  size_t length = common_json(shim, text, size);
  return length + (size_t)snprintf(text + length, size - length, "}\n");
}

static int64_t microseconds(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

size_t status_exit_json(const struct shim *shim, char *text, size_t size) {
  struct rusage usage = {0};
  getrusage(RUSAGE_CHILDREN, &usage);
  int status = shim->wait_status;
  bool signaled = WIFSIGNALED(status);
  size_t length = common_json(shim, text, size);
  int more = snprintf(text + length, size - length,
                      ",\"endedAtMs\":%" PRId64 ",\"code\":%d,\"signal\":%d,\"coreDumped\":%d,\"oomKilled\":%d,"
                      "\"stopped\":%d,\"userCpuUs\":%" PRId64 ",\"systemCpuUs\":%" PRId64 ",\"maxRssBytes\":%" PRId64 "}\n",
                      shim->ended_at_ms, signaled ? -1 : WEXITSTATUS(status), signaled ? WTERMSIG(status) : 0,
                      signaled && WCOREDUMP(status), shim_cgroups_had_oom_kill(&shim->cgroups),
                      shim->ladder.requested, microseconds(usage.ru_utime), microseconds(usage.ru_stime),
                      (int64_t)usage.ru_maxrss * 1024);
  return length + (size_t)more;
}

int status_write_state(const struct shim *shim) {
  char text[512];
  size_t length = status_state_json(shim, text, sizeof text);
  int descriptor = -1;
  int error = open_in(shim, "state.new", O_TRUNC, &descriptor);
  if (error == 0 && shim_write(descriptor, text, length) != length) {
    error = errno;
  }
  shim_close(&descriptor);
  return error == 0 ? rename_in(shim, "state.new", "state") : error;
}

int status_write_exit(const struct shim *shim) {
  int descriptor = -1;
  size_t length = strlen(shim->ended);
  /* Not emptied first: that would give away the room that was taken for it. */
  int error = open_in(shim, "exit.new", 0, &descriptor);
  if (error == 0 && (shim_write(descriptor, shim->ended, length) != length ||
                     ftruncate(descriptor, (off_t)length) != 0 || fsync(descriptor) != 0)) {
    error = errno;
  }
  shim_close(&descriptor);
  error = error == 0 ? rename_in(shim, "exit.new", "exit") : error;
  return error == 0 ? sync_directory(shim) : error;
}

void status_changed(struct shim *shim) {
  if (shim->phase != SHIM_RUNNING) {
    return;
  }
  shim->known_lost = shim->log.lost;
  shim->known_begun = shim->log.begun;
  shim->state_written_ms = shim_now_ms();
  shim->state_due_ms = SHIM_NEVER;
  status_write_state(shim); /* where it cannot be written, the socket still tells */
  clients_tell_state(shim);
}

void status_log_written(struct shim *shim) {
  if (shim->log.lost == shim->known_lost && shim->log.begun == shim->known_begun) {
    return;
  }
  int64_t due = shim->state_written_ms + log_pause_ms;
  if (shim_now_ms() >= due) {
    status_changed(shim);
  } else {
    shim->state_due_ms = due;
  }
}

void status_files_remove(const struct shim *shim) {
  static const char *const names[] = {"state", "state.new", "exit.new"};
  char path[PATH_MAX];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (path_in(shim, names[i], path) == 0) {
      unlink(path);
    }
  }
}
