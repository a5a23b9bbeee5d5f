#ifndef AURAE_SPAWN_H
#define AURAE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where a start failed. The numbers cross to TypeScript (src/spawn-failure.ts): keep them. */
enum aurae_spawn_step {
  AURAE_STEP_PREPARE = 1,      /* memory, pipes: in the parent */
  AURAE_STEP_CLONE = 2,        /* the new process itself */
  AURAE_STEP_SESSION = 3,      /* setsid */
  AURAE_STEP_STDIO = 4,        /* the standard descriptors, /dev/null */
  AURAE_STEP_DESCRIPTORS = 5,  /* closing every other descriptor */
  AURAE_STEP_LIMITS = 6,       /* RLIMIT_NOFILE */
  AURAE_STEP_PARENT_DEATH = 7, /* PR_SET_PDEATHSIG, or the parent is gone already */
  AURAE_STEP_DIRECTORY = 8,    /* chdir */
  AURAE_STEP_EXEC = 9,         /* finding and running the program */
  AURAE_STEP_USER = 10,        /* aurae-exec: no such user or group, or the lookup failed */
  AURAE_STEP_CREDENTIALS = 11, /* aurae-exec: becoming that user */
  AURAE_STEP_TRAMPOLINE = 12,  /* aurae-exec could not be run, or was called wrongly */
  AURAE_STEP_SETTINGS = 13,    /* aurae-shim: its settings */
  AURAE_STEP_CGROUP = 14,      /* aurae-shim: making a cgroup, setting it, joining it */
  AURAE_STEP_LOG = 15,         /* aurae-shim: the log */
  AURAE_STEP_SOCKET = 16,      /* aurae-shim: the socket */
  AURAE_STEP_TERMINAL = 17,    /* the terminal, as the controlling one */
  AURAE_STEP_FILES = 18,       /* aurae-shim: its own files */
  AURAE_STEP_RESOURCE_LIMIT = 19, /* aurae-shim: setrlimit */
};

/* Fixed sizes: aurae-exec also writes it into a pipe. */
struct aurae_spawn_failure {
  int32_t step;
  int32_t error; /* errno */
};

struct aurae_spawn_request {
  const char *file; /* looked up on the PATH in `environment` when it has no slash */
  char *const *arguments;
  char *const *environment;
  const char *directory;
  const int *stdio; /* entry i becomes descriptor i of the child; -1 is /dev/null */
  size_t stdio_count;
  int parent_death_signal; /* sent when the calling *thread* ends, prctl(2); 0 for none */
  bool controlling_terminal; /* descriptor 0 of the child is a terminal, and becomes that of its session */
  /*
   * Open directory of the cgroup of version 2 that the process is born into, 0 or less for none. Where that is refused
   * it is born into the caller's own.
   */
  int cgroup;
};

struct aurae_spawned {
  pid_t pid;
  int pidfd; /* close-on-exec; the caller closes it and reaps the process */
};

/*
 * Starts a process in a session of its own, with default signal dispositions, an empty signal mask, umask 022, no
 * descriptor but `stdio`, and at most 1024 as the soft limit of open files.
 *
 * As posix_spawn(3) it shares memory with its child until the child has called execve (CLONE_VM|CLONE_VFORK): the
 * cost does not depend on the size of the caller, and failures come back synchronously. The calling thread is
 * suspended meanwhile; other threads run on.
 *
 * Returns 0, or -1 with `failure` filled in and nothing left behind.
 */
int aurae_spawn(const struct aurae_spawn_request *request, struct aurae_spawned *spawned,
                struct aurae_spawn_failure *failure);

#endif
