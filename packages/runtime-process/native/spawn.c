#define _GNU_SOURCE
#include "spawn.h"

#include "clone-into.h"
#include "exec-search.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc 2.36 has no CLONE_PIDFD in sched.h under every feature macro; the value is ABI (clone(2)). */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/*
 * The child runs on a mapping of its own, inside the parent's memory. The sanitizers keep their books by the stack
 * of the parent's thread, so they must stay out of the child's functions.
 */
#if defined(__SANITIZE_ADDRESS__)
#define AURAE_CHILD_SIDE __attribute__((no_sanitize("address", "undefined")))
#else
#define AURAE_CHILD_SIDE
#endif

enum {
  child_stack_bytes = 64 * 1024,
  open_files_soft_limit = 1024,
  kernel_sigset_bytes = 8,
  clone_flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
  first_real_time_signal = 34, /* glibc keeps 32 and 33 to itself, and has handlers for them */
};

struct child_context {
  const struct aurae_spawn_request *request;
  char **shell_arguments;
  pid_t parent;
  struct aurae_spawn_failure failure; /* written by the child, read by the parent: they share memory */
};

AURAE_CHILD_SIDE static _Noreturn void fail(struct child_context *context, enum aurae_spawn_step step, int error) {
  context->failure.step = (int32_t)step;
  context->failure.error = error;
  _exit(127);
}

/* Half of all signals, and hardly ever used: looked at once, instead of reset at each start. */
static bool is_real_time_signal_in_use[NSIG];

static void find_real_time_signals_in_use(void) {
  for (int signal = first_real_time_signal; signal < NSIG; signal++) {
    unsigned long action[8] = {0};
    /* The first word is the handler, SIG_DFL being 0. */
    long result = syscall(SYS_rt_sigaction, signal, NULL, action, (size_t)kernel_sigset_bytes);
    is_real_time_signal_in_use[signal] = result != 0 || action[0] != 0;
  }
}

/*
 * A handler of the daemon must not run in the child, where it would write to the daemon's memory. The raw call also
 * reaches the two signals that glibc keeps to itself. An all-zero kernel sigaction is SIG_DFL on every architecture.
 */
AURAE_CHILD_SIDE static void reset_signals(void) {
  unsigned long default_action[8] = {0};
  for (int signal = 1; signal < NSIG; signal++) {
    if (signal < first_real_time_signal || is_real_time_signal_in_use[signal]) {
      syscall(SYS_rt_sigaction, signal, default_action, NULL, (size_t)kernel_sigset_bytes);
    }
  }
}

/* A source below `stdio_count` could be overwritten before its turn: move those out of the way first. */
AURAE_CHILD_SIDE static void place_stdio(struct child_context *context) {
  const struct aurae_spawn_request *request = context->request;
  int count = (int)request->stdio_count;
  int *sources = alloca(request->stdio_count * sizeof *sources);
  for (int i = 0; i < count; i++) {
    sources[i] = request->stdio[i];
    if (sources[i] < 0) {
      sources[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    if (sources[i] >= 0 && sources[i] < count) {
      sources[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, count);
    }
    if (sources[i] < 0) {
      fail(context, AURAE_STEP_STDIO, errno);
    }
  }
  for (int i = 0; i < count; i++) {
    if (dup2(sources[i], i) < 0) {
      fail(context, AURAE_STEP_STDIO, errno);
    }
  }
}

/* As getdents64(2) fills it in: glibc has no declaration. */
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

AURAE_CHILD_SIDE static void close_on_exec_if_from(const char *name, int first) {
  int descriptor = 0;
  for (; *name >= '0' && *name <= '9'; name++) {
    descriptor = descriptor * 10 + (*name - '0');
  }
  /* "." and ".." come out as 0. */
  if (descriptor >= first && descriptor > 0) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
}

/* By the raw call, because opendir(3) takes memory from the heap, which belongs to the parent. */
AURAE_CHILD_SIDE static void mark_open_descriptors(struct child_context *context, int first) {
  int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  _Alignas(struct directory_entry) char buffer[4096];
  long length = -1;
  if (directory >= 0) {
    while ((length = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
      for (long offset = 0; offset < length;) {
        const struct directory_entry *entry = (const struct directory_entry *)(buffer + offset);
        close_on_exec_if_from(entry->name, first);
        offset += entry->length;
      }
    }
  }
  if (length < 0) {
    fail(context, AURAE_STEP_DESCRIPTORS, errno);
  }
  close(directory);
}

/* close_range(2) is in Linux 5.9, its flag in 5.11. */
AURAE_CHILD_SIDE static void close_the_rest(struct child_context *context) {
  unsigned int first = (unsigned int)context->request->stdio_count;
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    return;
  }
  mark_open_descriptors(context, (int)first);
}

/* Node raises its soft limit to the hard one; programs that use select(2) break above 1024 (as systemd argues). */
AURAE_CHILD_SIDE static void limit_open_files(struct child_context *context) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    fail(context, AURAE_STEP_LIMITS, errno);
  }
  limit.rlim_cur = limit.rlim_max < open_files_soft_limit ? limit.rlim_max : open_files_soft_limit;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    fail(context, AURAE_STEP_LIMITS, errno);
  }
}

AURAE_CHILD_SIDE static void die_with_parent(struct child_context *context) {
  int signal = context->request->parent_death_signal;
  if (signal == 0) {
    return;
  }
  if (prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0) != 0) {
    fail(context, AURAE_STEP_PARENT_DEATH, errno);
  }
  /* The parent may have died before the request was in force. */
  if (getppid() != context->parent) {
    fail(context, AURAE_STEP_PARENT_DEATH, ESRCH);
  }
}

AURAE_CHILD_SIDE static int run_child(void *argument) {
  struct child_context *context = argument;
  const struct aurae_spawn_request *request = context->request;
  reset_signals();
  unsigned long no_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, (size_t)kernel_sigset_bytes);
  if (setsid() < 0) {
    fail(context, AURAE_STEP_SESSION, errno);
  }
  place_stdio(context);
  if (request->controlling_terminal && ioctl(0, TIOCSCTTY, 0) != 0) {
    fail(context, AURAE_STEP_TERMINAL, errno);
  }
  close_the_rest(context);
  umask(022);
  limit_open_files(context);
  die_with_parent(context);
  if (chdir(request->directory) != 0) {
    fail(context, AURAE_STEP_DIRECTORY, errno);
  }
  int error =
      aurae_exec_search(request->file, request->arguments, request->environment, context->shell_arguments);
  fail(context, AURAE_STEP_EXEC, error);
}

/* A mapping with an inaccessible page below it, so that an overflow faults instead of corrupting the heap. */
static char *map_stack(void) {
  size_t guard_bytes = (size_t)sysconf(_SC_PAGESIZE);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
  char *mapping = mmap(NULL, guard_bytes + child_stack_bytes, PROT_NONE, flags, -1, 0);
  if (mapping == MAP_FAILED) {
    return NULL;
  }
  if (mprotect(mapping + guard_bytes, child_stack_bytes, PROT_READ | PROT_WRITE) != 0) {
    int error = errno;
    munmap(mapping, guard_bytes + child_stack_bytes);
    errno = error;
    return NULL;
  }
  return mapping + guard_bytes + child_stack_bytes;
}

/*
 * The calling thread keeps the stack for its next start: it is suspended while the child uses it. Never unmapped,
 * since threads that start processes live as long as their process.
 */
static char *child_stack_top(void) {
  static _Thread_local char *top;
  if (top == NULL) {
    top = map_stack();
  }
  return top;
}

static void reap_failed_child(const struct aurae_spawned *spawned) {
  siginfo_t info;
  while (syscall(SYS_waitid, P_PIDFD, spawned->pidfd, &info, WEXITED, NULL) < 0 && errno == EINTR) {
  }
  close(spawned->pidfd);
}

/* To move a process into a cgroup later would cost the kernel milliseconds, and slow down every fork on the host. */
static pid_t clone_into_cgroup(struct child_context *context, char *stack_top, int *pidfd) {
#if AURAE_HAS_CLONE3_ON_STACK
  if (context->request->cgroup > 0) {
    struct aurae_clone_arguments arguments = {
        .flags = (uint64_t)clone_flags | (uint64_t)1 << aurae_clone_into_cgroup_bit,
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)(stack_top - child_stack_bytes),
        .stack_size = child_stack_bytes,
        .cgroup = (uint64_t)context->request->cgroup,
    };
    long result = aurae_clone3_on_stack(&arguments, run_child, context);
    errno = result < 0 ? (int)-result : 0;
    return result < 0 ? -1 : (pid_t)result;
  }
#endif
  (void)context;
  (void)stack_top;
  (void)pidfd;
  errno = ENOSYS;
  return -1;
}

/* Signals stay blocked from before the clone until the parent runs again: no handler may run in the child. */
static pid_t clone_child(struct child_context *context, char *stack_top, int *pidfd) {
  unsigned long all_signals = ~0UL;
  unsigned long previous_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, &previous_signals, (size_t)kernel_sigset_bytes);
  pid_t pid = clone_into_cgroup(context, stack_top, pidfd);
  if (pid < 0 && aurae_cgroup_is_refused(errno)) {
    pid = clone(run_child, stack_top, clone_flags | SIGCHLD, context, pidfd);
  }
  int error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &previous_signals, NULL, (size_t)kernel_sigset_bytes);
  errno = error;
  return pid;
}

static int refuse(struct aurae_spawn_failure *failure, enum aurae_spawn_step step, int error) {
  failure->step = (int32_t)step;
  failure->error = error;
  return -1;
}

int aurae_spawn(const struct aurae_spawn_request *request, struct aurae_spawned *spawned,
                struct aurae_spawn_failure *failure) {
  size_t argument_count = aurae_vector_length(request->arguments);
  char **shell_arguments = calloc(argument_count + 3, sizeof *shell_arguments);
  if (shell_arguments == NULL) {
    return refuse(failure, AURAE_STEP_PREPARE, ENOMEM);
  }
  char *stack_top = child_stack_top();
  if (stack_top == NULL) {
    int error = errno;
    free(shell_arguments);
    return refuse(failure, AURAE_STEP_PREPARE, error);
  }
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_real_time_signals_in_use);

  struct child_context context = {.request = request, .shell_arguments = shell_arguments, .parent = getpid()};
  pid_t pid = clone_child(&context, stack_top, &spawned->pidfd);
  int clone_error = errno;
  free(shell_arguments);

  if (pid < 0) {
    return refuse(failure, AURAE_STEP_CLONE, clone_error);
  }
  spawned->pid = pid;
  if (context.failure.step != 0) {
    reap_failed_child(spawned);
    *failure = context.failure;
    return -1;
  }
  return 0;
}
