/* Tests the start path without Node. Run plainly, with sanitizers, and under valgrind: see run.sh. */
#define _GNU_SOURCE
#include "../capture.h"
#include "../exec-search.h"
#include "../spawn.h"
#include "../user-switch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      failures++; \
      fprintf(stderr, "%s:%d: %s: failed: %s (errno %d)\n", __FILE__, __LINE__, __func__, #condition, errno); \
    } \
  } while (0)

static char path_variable[] = "PATH=/usr/bin:/bin";
static char *plain_environment[] = {path_variable, NULL};

static int open_descriptors(void) {
  int count = 0;
  for (int descriptor = 0; descriptor < 256; descriptor++) {
    count += fcntl(descriptor, F_GETFD) >= 0;
  }
  return count;
}

/* Runs a script of /bin/sh to its end; what it printed is in `output`, its wait status is the result. */
static int run_script(const char *script, char *output, size_t size) {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  char *arguments[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
  int stdio[] = {-1, ends[1], ends[1]};
  struct aurae_spawn_request request = {.file = "sh", .arguments = arguments, .environment = plain_environment,
                                        .directory = "/tmp", .stdio = stdio, .stdio_count = 3};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure;
  CHECK(aurae_spawn(&request, &spawned, &failure) == 0);
  close(ends[1]);
  size_t length = 0;
  ssize_t count = 0;
  while (length + 1 < size && (count = read(ends[0], output + length, size - 1 - length)) > 0) {
    length += (size_t)count;
  }
  output[length] = '\0';
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid);
  close(spawned.pidfd);
  return status;
}

static void runs_in_its_own_session_and_directory(void) {
  char output[4096];
  int status = run_script("read -r line < /proc/$$/stat; set -- ${line##*) }; test $3 -eq $$ && test $4 -eq $$ && pwd; umask; exit 7",
                          output, sizeof output);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(strcmp(output, "/tmp\n0022\n") == 0);
}

static void resets_signals(void) {
  sigset_t blocked, previous;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &previous);
  signal(SIGPIPE, SIG_IGN);
  char output[4096];
  run_script("grep -E 'SigBlk|SigIgn' /proc/self/status", output, sizeof output);
  CHECK(strcmp(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n") == 0);
  CHECK(sigprocmask(SIG_SETMASK, &previous, &blocked) == 0 && sigismember(&blocked, SIGUSR1) == 1);
  signal(SIGPIPE, SIG_DFL);
}

static void leaks_no_descriptor(void) {
  int without_flag = dup(0);
  char output[4096];
  run_script("for fd in /proc/$$/fd/*; do case ${fd##*/} in [012]) ;; *) readlink $fd;; esac; done", output, sizeof output);
  close(without_flag);
  /* valgrind keeps descriptors of its own far above. */
  CHECK(getenv("AURAE_UNDER_VALGRIND") != NULL || *output == '\0');
}

/* As on a kernel before 5.9. Cannot be undone: comes last. */
static void leaks_no_descriptor_without_close_range(void) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
  CHECK(syscall(SYS_close_range, 1000U, 1000U, 0U) == -1 && errno == ENOSYS);
  leaks_no_descriptor();
}

static void runs_a_script_without_arguments(void) {
  char path[] = "/tmp/aurae-script-XXXXXX";
  int script = mkstemp(path);
  CHECK(script >= 0 && write(script, "exit 7\n", 7) == 7 && fchmod(script, 0755) == 0 && close(script) == 0);
  char *no_arguments[] = {NULL};
  int stdio[] = {-1, -1, -1};
  struct aurae_spawn_request request = {.file = path, .arguments = no_arguments, .environment = plain_environment,
                                        .directory = "/", .stdio = stdio, .stdio_count = 3};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure;
  CHECK(aurae_spawn(&request, &spawned, &failure) == 0);
  int status = 0;
  CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  close(spawned.pidfd);
  unlink(path);
}

static void swaps_standard_descriptors(void) {
  int one[2], other[2];
  CHECK(pipe2(one, O_CLOEXEC) == 0 && pipe2(other, O_CLOEXEC) == 0);
  int saved[3];
  for (int i = 0; i < 3; i++) {
    saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
  }
  /* The writer for stdout is 2 and that for stderr is 1: each must survive the placing of the other. */
  dup2(one[1], 2);
  dup2(other[1], 1);
  char *arguments[] = {(char *)"sh", (char *)"-c", (char *)"printf o; printf e >&2", NULL};
  int stdio[] = {-1, 2, 1};
  struct aurae_spawn_request request = {.file = "/bin/sh", .arguments = arguments, .environment = plain_environment,
                                        .directory = "/", .stdio = stdio, .stdio_count = 3};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure;
  int result = aurae_spawn(&request, &spawned, &failure);
  for (int i = 0; i < 3; i++) {
    dup2(saved[i], i);
    close(saved[i]);
  }
  CHECK(result == 0);
  char output = 0, error = 0;
  CHECK(read(one[0], &output, 1) == 1 && output == 'o');
  CHECK(read(other[0], &error, 1) == 1 && error == 'e');
  waitpid(spawned.pid, NULL, 0);
  close(spawned.pidfd);
  for (int i = 0; i < 2; i++) {
    close(one[i]);
    close(other[i]);
  }
}

static struct aurae_spawn_failure failure_of(const char *file, const char *directory, char **environment) {
  char *arguments[] = {(char *)file, NULL};
  int stdio[] = {-1, -1, -1};
  struct aurae_spawn_request request = {.file = file, .arguments = arguments, .environment = environment,
                                        .directory = directory, .stdio = stdio, .stdio_count = 3};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure = {0};
  CHECK(aurae_spawn(&request, &spawned, &failure) == -1);
  CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
  return failure;
}

static void reports_failures(void) {
  struct aurae_spawn_failure failure = failure_of("no-such-program", "/", plain_environment);
  CHECK(failure.step == AURAE_STEP_EXEC && failure.error == ENOENT);
  failure = failure_of("/etc/passwd", "/", plain_environment);
  CHECK(failure.step == AURAE_STEP_EXEC && failure.error == EACCES);
  failure = failure_of("", "/", plain_environment);
  CHECK(failure.step == AURAE_STEP_EXEC && failure.error == ENOENT);
  failure = failure_of("true", "/nowhere", plain_environment);
  CHECK(failure.step == AURAE_STEP_DIRECTORY && failure.error == ENOENT);
  char other_path[] = "PATH=/nowhere::/etc";
  char *environment[] = {other_path, NULL};
  failure = failure_of("passwd", "/", environment);
  CHECK(failure.step == AURAE_STEP_EXEC && failure.error == EACCES);
}

static void gives_a_controlling_terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK(slave >= 0);
  char *arguments[] = {(char *)"sh", (char *)"-c", (char *)"printf t > /dev/tty", NULL};
  int stdio[] = {slave, slave, slave};
  struct aurae_spawn_request request = {.file = "/bin/sh", .arguments = arguments, .environment = plain_environment,
                                        .directory = "/", .stdio = stdio, .stdio_count = 3,
                                        .controlling_terminal = true};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure;
  CHECK(aurae_spawn(&request, &spawned, &failure) == 0);
  int status = 0;
  CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  char output = 0;
  CHECK(read(master, &output, 1) == 1 && output == 't');
  close(spawned.pidfd);
  close(slave);
  close(master);
}

static void reports_what_is_no_terminal(void) {
  char *arguments[] = {(char *)"true", NULL};
  int stdio[] = {-1, -1, -1};
  struct aurae_spawn_request request = {.file = "true", .arguments = arguments, .environment = plain_environment,
                                        .directory = "/", .stdio = stdio, .stdio_count = 3,
                                        .controlling_terminal = true};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure = {0};
  CHECK(aurae_spawn(&request, &spawned, &failure) == -1);
  CHECK(failure.step == AURAE_STEP_TERMINAL && failure.error == ENOTTY);
}

/* Not reachable from outside: what of a name or an element of PATH is too long for the buffer. */
static void bounds_the_search(void) {
  char long_name[400], long_path[6000];
  memset(long_name, 'a', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  memset(long_path, 'b', sizeof long_path - 1);
  memcpy(long_path, "PATH=", 5);
  long_path[sizeof long_path - 1] = '\0';
  char *arguments[] = {(char *)"x", NULL};
  char *room[4];
  char *environment[] = {long_path, NULL};
  CHECK(aurae_exec_search(long_name, arguments, plain_environment, room) == ENAMETOOLONG);
  CHECK(aurae_exec_search("x", arguments, environment, room) == ENOENT);
}

static void capture_keeps_the_head_and_counts(void) {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  struct aurae_capture_budget budget = {.limit_bytes = 6};
  struct aurae_capture capture = {.descriptor = ends[0], .epoll = -1, .limit_bytes = 4};
  CHECK(write(ends[1], "abcdefg", 7) == 7);
  aurae_capture_drain(&capture, &budget);
  CHECK(capture.length == 4 && memcmp(capture.data, "abcd", 4) == 0);
  CHECK(capture.total_bytes == 7 && !capture.over_budget && capture.descriptor >= 0);
  close(ends[1]);
  aurae_capture_drain(&capture, &budget);
  CHECK(capture.descriptor == -1);

  struct aurae_capture second = {.descriptor = -1, .epoll = -1, .limit_bytes = 4};
  CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  second.descriptor = ends[0];
  CHECK(write(ends[1], "xyz", 3) == 3);
  close(ends[1]);
  aurae_capture_drain(&second, &budget);
  CHECK(second.length == 2 && second.over_budget && second.total_bytes == 3);
  aurae_capture_close(&capture, &budget);
  aurae_capture_close(&capture, &budget);
  aurae_capture_close(&second, &budget);
  CHECK(budget.used_bytes == 0);
}

/* A cgroup of version 2 of our own, or -1 where there is none to be had. Its path is in `path`. */
static int make_cgroup(char *path, size_t size) {
  static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
    char controllers[64];
    snprintf(controllers, sizeof controllers, "%s/cgroup.controllers", mounts[i]);
    snprintf(path, size, "%s/aurae-core-test-%d", mounts[i], getpid());
    if (access(controllers, F_OK) == 0 && mkdir(path, 0755) == 0) {
      return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
  }
  return -1;
}

/* The cgroup of version 2 in which a new process finds itself. */
static void read_own_cgroup(int cgroup, char *line, size_t size) {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  char *arguments[] = {(char *)"grep", (char *)"^0::", (char *)"/proc/self/cgroup", NULL};
  int stdio[] = {-1, ends[1], -1};
  struct aurae_spawn_request request = {.file = "grep", .arguments = arguments, .environment = plain_environment,
                                        .directory = "/", .stdio = stdio, .stdio_count = 3, .cgroup = cgroup};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure;
  CHECK(aurae_spawn(&request, &spawned, &failure) == 0);
  close(ends[1]);
  ssize_t count = read(ends[0], line, size - 1);
  line[count < 0 ? 0 : count] = '\0';
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(fcntl(spawned.pidfd, F_GETFD) == FD_CLOEXEC && close(spawned.pidfd) == 0);
}

static void is_born_into_a_cgroup(void) {
  char path[128], line[512];
  int cgroup = make_cgroup(path, sizeof path);
  if (cgroup < 0) {
    fprintf(stderr, "no cgroup of version 2 can be made here: not tested\n");
    return;
  }
  read_own_cgroup(cgroup, line, sizeof line);
  /* valgrind knows no clone3. */
  CHECK(getenv("AURAE_UNDER_VALGRIND") != NULL || strstr(line, strrchr(path, '/')) != NULL);
  CHECK(rmdir(path) == 0);
  read_own_cgroup(cgroup, line, sizeof line);
  CHECK(*line != '\0' && strstr(line, "aurae-core-test") == NULL);
  close(cgroup);
}

static void reports_failures_inside_a_cgroup(void) {
  char path[128];
  int cgroup = make_cgroup(path, sizeof path);
  if (cgroup < 0) {
    return;
  }
  char *arguments[] = {(char *)"x", NULL};
  int stdio[] = {-1, -1, -1};
  struct aurae_spawn_request request = {.file = "no-such-program", .arguments = arguments,
                                        .environment = plain_environment, .directory = "/", .stdio = stdio,
                                        .stdio_count = 3, .cgroup = cgroup};
  struct aurae_spawned spawned;
  struct aurae_spawn_failure failure = {0};
  CHECK(aurae_spawn(&request, &spawned, &failure) == -1);
  CHECK(failure.step == AURAE_STEP_EXEC && failure.error == ENOENT);
  CHECK(close(cgroup) == 0 && rmdir(path) == 0);
}

static void starts_without_a_cgroup_that_is_none(void) {
  char line[512];
  int directory = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  read_own_cgroup(directory, line, sizeof line);
  CHECK(strncmp(line, "0::", 3) == 0);
  close(directory);
}

int main(void) {
  int before = open_descriptors();
  runs_in_its_own_session_and_directory();
  resets_signals();
  leaks_no_descriptor();
  swaps_standard_descriptors();
  gives_a_controlling_terminal();
  is_born_into_a_cgroup();
  starts_without_a_cgroup_that_is_none();
  /* valgrind turns the vfork into a fork, which has no shared memory for the child to report through. */
  if (getenv("AURAE_UNDER_VALGRIND") == NULL) {
    reports_failures();
    reports_failures_inside_a_cgroup();
    reports_what_is_no_terminal();
  }
  /* Nor does it like an empty vector, which Linux takes. */
  if (getenv("AURAE_UNDER_VALGRIND") == NULL) {
    runs_a_script_without_arguments();
  }
  bounds_the_search();
  capture_keeps_the_head_and_counts();
  leaks_no_descriptor_without_close_range();
  CHECK(open_descriptors() == before);
  fprintf(stderr, "%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
