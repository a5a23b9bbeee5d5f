#ifndef AURAE_CLONE_INTO_H
#define AURAE_CLONE_INTO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

enum { aurae_clone_into_cgroup_bit = 33 }; /* CLONE_INTO_CGROUP, which does not fit into the int of clone(2) */

/* struct clone_args of clone3(2), as of Linux 5.7. <linux/sched.h>, which has it, does not go with <sched.h>. */
struct aurae_clone_arguments {
  uint64_t flags;
  uint64_t pidfd; /* int * */
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack; /* its lowest byte */
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};

_Static_assert(sizeof(struct aurae_clone_arguments) == 88, "the kernel knows this struct by its size");

#if defined(__x86_64__)

#define AURAE_HAS_CLONE3_ON_STACK 1

/*
 * clone3(2) with a stack of the child's own, for which glibc has no function: the child comes out of the call on an
 * empty stack, so it has to go on without coming back here. It runs `run`, which must not return. Returns its pid, or
 * -errno.
 */
static long aurae_clone3_on_stack(const struct aurae_clone_arguments *arguments, int (*run)(void *), void *argument) {
  long result = SYS_clone3;
  register int (*child_side)(void *) __asm__("r8") = run;
  register void *child_argument __asm__("r9") = argument;
  __asm__ volatile("syscall\n\t"
                   "testq %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xorl %%ebp, %%ebp\n\t" /* the outermost frame */
                   "movq %%r9, %%rdi\n\t"
                   "call *%%r8\n\t"
                   "ud2\n"
                   "1:"
                   : "+a"(result)
                   : "D"(arguments), "S"(sizeof *arguments), "r"(child_side), "r"(child_argument)
                   : "rcx", "r11", "cc", "memory");
  return result;
}

#elif defined(__aarch64__)

#define AURAE_HAS_CLONE3_ON_STACK 1

/* As above. */
static long aurae_clone3_on_stack(const struct aurae_clone_arguments *arguments, int (*run)(void *), void *argument) {
  register long result __asm__("x0") = (long)arguments;
  register size_t size __asm__("x1") = sizeof *arguments;
  register long call __asm__("x8") = SYS_clone3;
  register int (*child_side)(void *) __asm__("x9") = run;
  register void *child_argument __asm__("x10") = argument;
  __asm__ volatile("svc #0\n\t"
                   "cbnz x0, 1f\n\t"
                   "mov x29, xzr\n\t" /* the outermost frame */
                   "mov x30, xzr\n\t"
                   "mov x0, x10\n\t"
                   "blr x9\n\t"
                   "brk #1\n"
                   "1:"
                   : "+r"(result)
                   : "r"(size), "r"(call), "r"(child_side), "r"(child_argument)
                   : "cc", "memory");
  return result;
}

#else

#define AURAE_HAS_CLONE3_ON_STACK 0

#endif

/* Whether a start into a cgroup failed for the cgroup, or for a kernel or a seccomp filter that knows no such start. */
static inline bool aurae_cgroup_is_refused(int error) {
  switch (error) {
  case EOPNOTSUPP: /* a threaded cgroup */
  case EBUSY:      /* it hands controllers down */
  case ENOENT:
  case ENODEV: /* it was removed */
  case EBADF:  /* no cgroup of version 2 */
  case EACCES:
  case EPERM:
  case E2BIG: /* before Linux 5.7 */
  case ENOSYS:
  case EINVAL:
    return true;
  default:
    return false;
  }
}

#endif
