/*
 * The limit for everything else here: posix_spawn(3) and waitpid(2) of /bin/true, standard input from /dev/null, both
 * output pipes read to their ends. One thread, which keeps `concurrency` processes in flight by poll(2).
 *
 * usage: raw-spawn CONCURRENCY CALLS WARM_UP_CALLS
 * Prints {"elapsedMs":…,"latenciesMs":[…]}, without the calls of the warm-up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_in_flight = 256, outputs = 2 };

struct call {
  pid_t pid;
  int open_outputs;
  double started_ms;
};

static struct call calls[most_in_flight];
/* Outputs of call i are at 2i and 2i + 1; poll(2) passes over negative descriptors. */
static struct pollfd polled[most_in_flight * outputs];

static _Noreturn void fail(const char *what, int error) {
  fprintf(stderr, "raw-spawn: %s: %s\n", what, strerror(error));
  exit(1);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void start(size_t index) {
  struct call *call = &calls[index];
  call->started_ms = now_ms();
  call->open_outputs = outputs;
  int writers[outputs];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (size_t i = 0; i < outputs; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      fail("pipe2", errno);
    }
    polled[index * outputs + i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    writers[i] = ends[1];
    posix_spawn_file_actions_adddup2(&actions, ends[1], (int)i + 1);
  }
  char program[] = "/bin/true";
  char *arguments[] = {program, NULL};
  int error = posix_spawn(&call->pid, program, &actions, NULL, arguments, environ);
  if (error != 0) {
    fail("posix_spawn", error);
  }
  posix_spawn_file_actions_destroy(&actions);
  close(writers[0]);
  close(writers[1]);
}

/* True when the process has ended and was reaped. */
static int read_output(size_t index) {
  struct pollfd *output = &polled[index];
  char bytes[4096];
  ssize_t count = read(output->fd, bytes, sizeof bytes);
  if (count > 0 || (count < 0 && errno == EINTR)) {
    return 0;
  }
  close(output->fd);
  output->fd = -1;
  struct call *call = &calls[index / outputs];
  if (--call->open_outputs > 0) {
    return 0;
  }
  int status = 0;
  if (waitpid(call->pid, &status, 0) != call->pid || status != 0) {
    fail("/bin/true did not succeed", errno);
  }
  return 1;
}

/* Makes `count` calls; returns how long all of them took. */
static double run(size_t concurrency, size_t count, double *latencies_ms) {
  double began_ms = now_ms();
  size_t started = 0;
  size_t ended = 0;
  for (; started < concurrency && started < count; started++) {
    start(started);
  }
  while (ended < count) {
    if (poll(polled, concurrency * outputs, -1) < 0 && errno != EINTR) {
      fail("poll", errno);
    }
    for (size_t i = 0; i < concurrency * outputs; i++) {
      if (polled[i].fd < 0 || polled[i].revents == 0 || !read_output(i)) {
        continue;
      }
      latencies_ms[ended++] = now_ms() - calls[i / outputs].started_ms;
      if (started < count) {
        start(i / outputs);
        started++;
      }
    }
  }
  return now_ms() - began_ms;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 4) {
    fail("usage: raw-spawn CONCURRENCY CALLS WARM_UP_CALLS", EINVAL);
  }
  size_t concurrency = strtoul(arguments[1], NULL, 10);
  size_t count = strtoul(arguments[2], NULL, 10);
  size_t warm_up_count = strtoul(arguments[3], NULL, 10);
  if (concurrency < 1 || concurrency > most_in_flight || count < 1 || count > 1000000 || warm_up_count > count) {
    fail("an argument is out of range", EINVAL);
  }
  double *latencies_ms = calloc(count, sizeof *latencies_ms);
  if (latencies_ms == NULL) {
    fail("calloc", errno);
  }
  for (size_t i = 0; i < most_in_flight * outputs; i++) {
    polled[i].fd = -1;
  }
  run(concurrency, warm_up_count, latencies_ms);
  double elapsed_ms = run(concurrency, count, latencies_ms);
  printf("{\"elapsedMs\":%.4f,\"latenciesMs\":[", elapsed_ms);
  for (size_t i = 0; i < count; i++) {
    printf("%s%.4f", i == 0 ? "" : ",", latencies_ms[i]);
  }
  printf("]}\n");
  free(latencies_ms);
  return 0;
}
